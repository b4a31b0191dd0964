/**
 * A server-sent event stream that comes back by itself.
 *
 * A browser allows six connections to one origin, so a hidden tab lets go of its streams and
 * catches up when it is shown again; after every gap the owner reads afresh (`onGap`).
 */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 2_000;

export class Stream {
  #source = null;
  #timer = null;
  #wait = FIRST_WAIT;
  #gap = false;
  #closed = false;

  /** `onEvent(event)` for each JSON event, `onGap()` after a reconnect, `onStatus(live)` on change. */
  constructor(address, { onEvent, onGap = () => {}, onStatus = () => {} }) {
    Object.assign(this, { address, onEvent, onGap, onStatus });
    this.visibility = () => (document.hidden ? this.#rest() : this.#open());
    document.addEventListener("visibilitychange", this.visibility);
    if (!document.hidden) this.#open();
  }

  /** Stop for good, as when another person takes the page over. */
  close() {
    this.#closed = true;
    document.removeEventListener("visibilitychange", this.visibility);
    this.#drop();
  }

  #open() {
    if (this.#closed || this.#source) return;
    this.#source = new EventSource(this.address);
    this.#source.onopen = () => this.#opened();
    this.#source.onerror = () => this.#failed();
    this.#source.onmessage = (message) => this.onEvent(JSON.parse(message.data));
  }

  #opened() {
    this.#wait = FIRST_WAIT;
    this.onStatus(true);
    if (this.#gap) this.onGap();
    this.#gap = false;
  }

  #failed() {
    this.#gap = true;
    this.onStatus(false);
    this.#drop();
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #rest() {
    this.#gap = true;
    this.#drop();
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
