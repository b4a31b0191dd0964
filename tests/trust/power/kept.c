/* What a loss of power would leave of a folder: the bytes that were synced, and no others.
 *
 * Loaded into a server by LD_PRELOAD. Once power_on() has been called, every fsync and fdatasync of
 * a file below the folder makes its copy in the shadow equal to it, and every fsync of a directory
 * notes which names it holds. Nothing else reaches the shadow: neither writes nor renames nor
 * removals. When the power fails the process is killed and the folder is made anew from the shadow
 * (power.py).
 *
 *     SHADOW/KEY        the bytes of a file when it was last synced
 *     SHADOW/KEY.names  "KEY name" for each entry of a directory when it was last synced
 *     KEY               inode and time of birth: an inode number alone is given to others soon
 *
 * A copy that a kill interrupts is what a sync would be that the power interrupted: some of its
 * pages are there. Files that nobody syncs on purpose (SQLite's -shm is memory that lies in a file)
 * are empty or gone afterwards, as they would be.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, MANY = 64 * PAGE, FILES = 1024 };

static char folder[PATH_MAX], shadow[PATH_MAX];
static int is_on, is_deaf;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* Names a file for ever. Its mode, too. */
static int key_of(int at, const char *name, char key[64], mode_t *mode) {
    struct statx found;
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
    if (statx(at, name, flags, STATX_INO | STATX_BTIME | STATX_TYPE | STATX_MODE, &found)) return -1;
    snprintf(key, 64, "%llu-%lld-%u", (unsigned long long)found.stx_ino,
             (long long)found.stx_btime.tv_sec, found.stx_btime.tv_nsec);
    *mode = found.stx_mode;
    return 0;
}

/* Make the copy equal to the file, page by page. */
static int keep_file(int from, const char *key) {
    static char now[MANY], then[MANY];
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", shadow, key);
    int to = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (to < 0) return -1;
    off_t at = 0;
    ssize_t got;
    while ((got = pread(from, now, MANY, at)) > 0) {
        ssize_t had = pread(to, then, got, at);
        for (ssize_t i = 0; i < got; i += PAGE) {
            ssize_t long_ = got - i < PAGE ? got - i : PAGE;
            int same = had >= i + long_ && !memcmp(now + i, then + i, long_);
            if (!same && pwrite(to, now + i, long_, at + i) != long_) got = -1;
            if (got < 0) break;
        }
        if (got < 0) break;
        at += got;
    }
    if (got == 0) got = ftruncate(to, at);
    close(to);
    return got < 0 ? -1 : 0;
}

/* Note which names a directory holds: written aside, then renamed. */
static int keep_names(const char *path, const char *key) {
    char aside[PATH_MAX + 64], name[PATH_MAX + 64], inner[64];
    snprintf(name, sizeof name, "%s/%s.names", shadow, key);
    snprintf(aside, sizeof aside, "%s/aside", shadow);
    DIR *listed = opendir(path);
    FILE *to = listed ? fopen(aside, "we") : NULL;
    if (!to) return -1;
    struct dirent *one;
    mode_t mode;
    while ((one = readdir(listed)))
        if (strcmp(one->d_name, ".") && strcmp(one->d_name, "..") &&
            !key_of(dirfd(listed), one->d_name, inner, &mode))
            fprintf(to, "%s %s\n", inner, one->d_name);
    closedir(listed);
    return fclose(to) || rename(aside, name) ? -1 : 0;
}

/* All that is below a path, once: it has been there for long, and is on the disk. */
static int keep_all(const char *path) {
    char key[64], below[PATH_MAX];
    mode_t mode;
    if (key_of(AT_FDCWD, path, key, &mode)) return -1;
    if (S_ISREG(mode)) {
        int from = open(path, O_RDONLY | O_CLOEXEC);
        int failed = from < 0 || keep_file(from, key);
        close(from);
        return failed ? -1 : 0;
    }
    DIR *listed = S_ISDIR(mode) && !keep_names(path, key) ? opendir(path) : NULL;
    if (!listed) return -1;
    int failed = 0;
    struct dirent *one;
    while (!failed && (one = readdir(listed)))
        if (strcmp(one->d_name, ".") && strcmp(one->d_name, "..")) {
            snprintf(below, sizeof below, "%s/%s", path, one->d_name);
            failed = keep_all(below);
        }
    closedir(listed);
    return failed;
}

/* A descriptor for reading: the one that syncs may be for writing alone. It is never closed, because
 * closing any descriptor of a file drops the locks that SQLite has on it. */
static int reader_of(const char *link, const char *key) {
    static struct { char key[64]; int fd; } known[FILES];
    for (int i = 0; i < FILES; i++) {
        if (!strcmp(known[i].key, key)) return known[i].fd;
        if (!*known[i].key) {
            snprintf(known[i].key, sizeof known[i].key, "%s", key);
            return known[i].fd = open(link, O_RDONLY | O_CLOEXEC);
        }
    }
    return -1;
}

/* Keep what was synced, if it lies in our folder. A file whose name is gone is still a file. */
static void keep(int fd) {
    char link[64], path[PATH_MAX], key[64];
    mode_t mode;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t long_ = readlink(link, path, sizeof path - 1);
    if (long_ < 0 || key_of(fd, "", key, &mode)) return;
    path[long_] = 0;
    if (strncmp(path, folder, strlen(folder))) return;
    pthread_mutex_lock(&turn);
    int failed = 0;
    if (S_ISDIR(mode)) {
        failed = keep_names(path, key);
    } else if (S_ISREG(mode)) {
        int from = reader_of(link, key);
        failed = from < 0 || keep_file(from, key);
    }
    pthread_mutex_unlock(&turn);
    if (failed) abort(); /* a shadow that is wrong would prove nothing */
}

/* From now on the shadow is kept. A deaf disk says that it synced, and did not. */
int power_on(const char *of, const char *in, int deaf) {
    snprintf(folder, sizeof folder, "%s", of);
    snprintf(shadow, sizeof shadow, "%s", in);
    if (keep_all(folder)) return -1;
    is_on = 1, is_deaf = deaf;
    return 0;
}

static int synced(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int failed = real(fd);
    if (!failed && is_on && !is_deaf) keep(fd);
    return failed;
}

int fsync(int fd) { return synced("fsync", fd); }

int fdatasync(int fd) { return synced("fdatasync", fd); }
