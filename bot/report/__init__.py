"""The report on the oversight, as text, as one document and as one page that stands alone.

Pure: the same figures, the same report. Plots are drawn here, as SVG, with tables beside them.
"""
