/* What the parts of the library share. */

#ifndef CHAPBOOK_SWIFT_H
#define CHAPBOOK_SWIFT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#ifdef __APPLE__
#define WRITTEN(status) ((status).st_mtimespec)
#else
#define WRITTEN(status) ((status).st_mtim)
#endif

/* Of the header that stands before each file (APPNOTE.TXT 4.3.7), and of what it may say (4.4.5). */
enum { HEADER = 30, STORED = 0, DEFLATED = 8 };

struct tools {
    void *(*open)(void);
    void (*close)(void *);
    int (*inflate)(void *, const void *, size_t, void *, size_t, size_t *, size_t *);
    uint32_t (*checksum)(uint32_t, const void *, size_t);
};

/* What makes a digest; `kind` says that it is SHA-256. */
struct hasher {
    const void *kind;
    void *(*open)(void);
    void (*close)(void *);
    int (*begin)(void *, const void *, void *);
    int (*add)(void *, const void *, size_t);
    int (*end)(void *, unsigned char *, unsigned *);
};

/* A file or a folder as the directory of the archive describes it, and what was made of it. */
struct file {
    uint64_t start, stop; /* its record: all that lies between it and the next one */
    uint64_t packed, size;
    int64_t time; /* when it was written, in nanoseconds */
    uint32_t checksum;
    uint16_t method, flags;
    uint32_t name, name_size; /* where it begins among the names, each of which ends with a zero; without a `/` there */
    uint32_t mode;            /* that it is written with; 0 for a folder */
    uint32_t is_told;         /* whether RECORD has a row of it */
    uint32_t is_text;
    char told[44];   /* its SHA-256 as RECORD gives it; nothing where it need not */
    char digest[44]; /* its SHA-256, in the same form; nothing without a hasher */
};

/* Where a name is found again: that of a file, or the first part of one, which is a folder. */
struct slot {
    uint32_t hash;
    uint32_t file; /* counted from 1; 0 is a free place */
    uint32_t size;
    uint32_t kind;
};

/* What unpacking works with. */
struct work {
    const struct tools *tools;
    const struct hasher *hasher; /* nothing where the caller sees to the digests */
    int archive, folder;         /* -1 is no folder: then nothing is written */
    uint8_t *packed, *room;      /* for a part of the archive, and for what files contain */
    uint64_t packed_size, room_size;
};

/* Size and time of a file as it was noted. */
struct stamp {
    int64_t size, time;
};

static inline uint32_t two(const uint8_t *from) { return from[0] | (uint32_t)from[1] << 8; }
static inline uint32_t four(const uint8_t *from) { return two(from) | two(from + 2) << 16; }

static inline int64_t time_of(const struct stat *status)
{
    /* Without a sign, because some file systems have times beyond what the sum can hold. */
    return (int64_t)((uint64_t)WRITTEN(*status).tv_sec * 1000000000 + (uint64_t)WRITTEN(*status).tv_nsec);
}

/* The way into a folder of a target, and into the same one of a source if there is one (`ways.c`). */
enum { DEEPEST = 64, LONGEST_PART = 255 };

struct way {
    int source[DEEPEST + 1], target[DEEPEST + 1]; /* open folders; no source is -1 */
    const char *parts[DEEPEST]; /* where the name of each folder stands that was entered, and how long it is */
    size_t sizes[DEEPEST];
    int depth;
};

const char *chapbook_follow(struct way *way, const char *path);
void chapbook_leave(struct way *way, int depth);

#endif
