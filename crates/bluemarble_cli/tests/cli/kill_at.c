/* Preloaded into the program, it kills it at the file operation whose number is in KILL_AT: before the operation, or in the middle
   of what a write writes. Counted is whatever another process could see: creating, writing, cutting, linking, renaming and
   removing files and folders. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long kill_at = -1;
static _Atomic long operations;

__attribute__((constructor)) static void start(void) {
    const char *text = getenv("KILL_AT");
    if (text) kill_at = atol(text);
}

static int is_last(void) { return ++operations == kill_at; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* The function that this one stands before. */
#define REAL(type, name) \
    static type (*real)(); \
    if (!real) real = (type (*)())dlsym(RTLD_NEXT, name)

#define BEFORE(type, name, parameters, arguments) \
    type name parameters { \
        REAL(type, #name); \
        if (is_last()) die(); \
        return real arguments; \
    }

BEFORE(int, rename, (const char *from, const char *to), (from, to))
BEFORE(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
BEFORE(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
BEFORE(int, link, (const char *from, const char *to), (from, to))
BEFORE(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
BEFORE(int, unlink, (const char *path), (path))
BEFORE(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
BEFORE(int, mkdir, (const char *path, mode_t mode), (path, mode))
BEFORE(int, rmdir, (const char *path), (path))
BEFORE(int, ftruncate, (int file, off_t length), (file, length))
BEFORE(int, ftruncate64, (int file, off_t length), (file, length))
BEFORE(int, fallocate, (int file, int mode, off_t offset, off_t length), (file, mode, offset, length))
BEFORE(int, fallocate64, (int file, int mode, off_t offset, off_t length), (file, mode, offset, length))
BEFORE(int, posix_fallocate, (int file, off_t offset, off_t length), (file, offset, length))

#define OPEN(name, parameters, ...) \
    int name parameters { \
        REAL(int, #name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (flags & (O_CREAT | O_TRUNC) && is_last()) die(); \
        return real(__VA_ARGS__, flags, mode); \
    }

OPEN(open, (const char *path, int flags, ...), path)
OPEN(open64, (const char *path, int flags, ...), path)
OPEN(openat, (int folder, const char *path, int flags, ...), folder, path)
OPEN(openat64, (int folder, const char *path, int flags, ...), folder, path)

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(ssize_t, "write");
    if (file > 2 && is_last()) {
        real(file, bytes, count / 2);
        die();
    }
    return real(file, bytes, count);
}

#define PWRITE(name) \
    ssize_t name(int file, const void *bytes, size_t count, off_t offset) { \
        REAL(ssize_t, #name); \
        if (is_last()) { \
            real(file, bytes, count / 2, offset); \
            die(); \
        } \
        return real(file, bytes, count, offset); \
    }

PWRITE(pwrite)
PWRITE(pwrite64)
BEFORE(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
