/* Unpacking, done for many files at a call: nothing else takes as long when packages are installed for the first time.

   A help and no more. A file that is the least bit out of the ordinary is left alone, and the caller, told how many were
   done, takes that one out in Python, which finds the words for what is wrong. So nothing is refused here, and nothing
   is accepted that Python would not accept. Nothing here knows of Python: `ctypes` calls it and lets other threads run.

   libdeflate comes as pointers, from the package `deflate`, which brings it in any case; so does the libcrypto that
   Python uses itself, if it can be had. */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__
#define WRITTEN(status) ((status).st_mtimespec)
#else
#define WRITTEN(status) ((status).st_mtim)
#endif

/* Of the header that stands before each file (APPNOTE.TXT 4.3.7), and of what it may say (4.4.4, 4.4.5). */
enum { HEADER = 30, HAS_DESCRIPTOR = 0x8, STORED = 0, DEFLATED = 8 };

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

/* A file as the directory of the archive describes it. Its record, from `start` to `stop` among the records given, is
   all that lies between it and the next one. */
struct file {
    uint64_t start, stop;
    uint64_t packed, size;
    uint32_t checksum;
    uint16_t method, flags;
    uint32_t name_size;
    uint32_t mode;
    /* Told back: */
    int64_t time;    /* when it was written, in nanoseconds */
    char digest[44]; /* its SHA-256 as RECORD writes it; nothing without a hasher */
    uint32_t is_text;
};

/* Size and time of a file as it was noted. */
struct stamp {
    int64_t size, time;
};

/* What the Python that calls this has to have the same. The first number is another one with each change of what a
   function is given or gives. */
const uint32_t *chapbook_layout(void)
{
    static const uint32_t layout[] = {
        1, sizeof(struct tools), sizeof(struct hasher), sizeof(struct stamp), sizeof(struct file),
        offsetof(struct file, time), offsetof(struct file, digest), offsetof(struct file, is_text),
    };
    return layout;
}

enum { LOOKED_AT = 8192 }; /* A file is text unless there is a zero byte this near to its start. */

static uint32_t two(const uint8_t *from) { return from[0] | (uint32_t)from[1] << 8; }
static uint32_t four(const uint8_t *from) { return two(from) | two(from + 2) << 16; }

/* Where the content begins, if the record's header repeats what the directory says and there is nothing else in it. */
static const uint8_t *find_content(const struct file *file, const char *name, const uint8_t *records, uint64_t size)
{
    if (file->start > file->stop || file->stop > size || file->stop - file->start < HEADER)
        return NULL;
    const uint8_t *header = records + file->start;
    uint64_t left = file->stop - file->start - HEADER;
    if (memcmp(header, "PK\3\4", 4) || file->flags & HAS_DESCRIPTOR)
        return NULL;
    if (two(header + 6) != file->flags || two(header + 8) != file->method || four(header + 14) != file->checksum)
        return NULL;
    if (four(header + 18) != file->packed || four(header + 22) != file->size)
        return NULL;
    if (two(header + 26) != file->name_size || two(header + 28) != 0 || file->name_size > left)
        return NULL;
    if (memcmp(header + HEADER, name, file->name_size) || left - file->name_size != file->packed)
        return NULL;
    return header + HEADER + file->name_size;
}

static int64_t time_of(const struct stat *status)
{
    /* Without a sign, because some file systems have times beyond what the sum can hold. */
    return (int64_t)((uint64_t)WRITTEN(*status).tv_sec * 1000000000 + (uint64_t)WRITTEN(*status).tv_nsec);
}

static int take_out(const struct tools *tools, void *inflater, const struct file *file, const uint8_t *content,
                    uint8_t *room)
{
    size_t read = file->packed, written = file->packed;
    /* Python has zlib inflate nothing, which refuses some of what libdeflate takes; this much is the same to both. */
    if (file->method == DEFLATED && file->size == 0 && file->packed > 2)
        return 0;
    if (file->method == STORED && file->packed == file->size)
        memcpy(room, content, file->size);
    else if (file->method != DEFLATED
             || tools->inflate(inflater, content, file->packed, room, file->size, &read, &written))
        return 0;
    return read == file->packed && written == file->size && tools->checksum(0, room, file->size) == file->checksum;
}

static int write_all(int descriptor, const uint8_t *content, uint64_t size)
{
    while (size) {
        ssize_t count = write(descriptor, content, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return 0;
        content += count;
        size -= (uint64_t)count;
    }
    return 1;
}

static int write_file(struct file *file, int folder, const char *name, const uint8_t *content)
{
    struct stat status;
    int descriptor = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)file->mode);
    if (descriptor < 0)
        return 0;
    int is_well = write_all(descriptor, content, file->size) && !fstat(descriptor, &status);
    if (close(descriptor) || !is_well || (uint64_t)status.st_size != file->size) {
        unlinkat(folder, name, 0);
        return 0;
    }
    file->time = time_of(&status);
    return 1;
}

static int tell_digest(const struct hasher *hasher, void *state, struct file *file, const uint8_t *content)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char digest[64] = {0};
    unsigned size = 0;
    char *to = file->digest;
    if (hasher->begin(state, hasher->kind, NULL) != 1 || hasher->add(state, content, file->size) != 1
        || hasher->end(state, digest, &size) != 1 || size != 32)
        return 0;
    /* Six bits a letter; the last one holds the four that are left. */
    for (unsigned bit = 0; bit < 256; bit += 6) {
        unsigned pair = (unsigned)digest[bit / 8] << 8 | digest[bit / 8 + 1];
        *to++ = letters[pair >> (10 - bit % 8) & 63];
    }
    *to = 0;
    return 1;
}

/* Take files out of their records and write them below a folder; `room` holds what they contain as well, one behind the
   other. Each name ends with a zero. Return how many were done; of the next one nothing is left in the folder. */
size_t chapbook_unpack(const struct tools *tools, const struct hasher *hasher, const uint8_t *records,
                       uint64_t records_size, struct file *files, size_t count, const char *names, int folder,
                       uint8_t *room, uint64_t room_size)
{
    size_t done = 0;
    void *inflater = tools->open(), *state = hasher == NULL ? NULL : hasher->open();
    while (inflater != NULL && (hasher == NULL || state != NULL) && done < count) {
        struct file *file = files + done;
        const uint8_t *content = find_content(file, names, records, records_size);
        if (content == NULL || file->size > room_size || !take_out(tools, inflater, file, content, room))
            break;
        if (hasher != NULL && !tell_digest(hasher, state, file, room))
            break;
        if (!write_file(file, folder, names, room))
            break;
        file->is_text = memchr(room, 0, file->size < LOOKED_AT ? file->size : LOOKED_AT) == NULL;
        room += file->size;
        room_size -= file->size;
        names += file->name_size + 1;
        done++;
    }
    if (state != NULL)
        hasher->close(state);
    if (inflater != NULL)
        tools->close(inflater);
    return done;
}

/* The way into a folder of the source and the same one of the target, part by part and never through a link. */
enum { DEEPEST = 64, LONGEST_PART = 255 };

struct way {
    int source[DEEPEST + 1], target[DEEPEST + 1];
    const char *parts[DEEPEST]; /* where the name of each folder stands that was entered, and how long it is */
    size_t sizes[DEEPEST];
    int depth;
};

static void leave(struct way *way, int depth)
{
    for (; way->depth > depth; way->depth--) {
        close(way->source[way->depth]);
        close(way->target[way->depth]);
    }
}

static int is_dots(const char *part, size_t size)
{
    return (size == 1 || size == 2) && !memcmp(part, "..", size);
}

static int enter(struct way *way, const char *part, size_t size)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    char name[LONGEST_PART + 1];
    if (way->depth == DEEPEST || size == 0 || size > LONGEST_PART || is_dots(part, size))
        return 0;
    memcpy(name, part, size);
    name[size] = 0;
    int source = openat(way->source[way->depth], name, FLAGS);
    if (source < 0)
        return 0;
    int target = -1;
    if (!mkdirat(way->target[way->depth], name, 0777) || errno == EEXIST)
        target = openat(way->target[way->depth], name, FLAGS);
    if (target < 0) {
        close(source);
        return 0;
    }
    way->parts[way->depth] = part;
    way->sizes[way->depth++] = size;
    way->source[way->depth] = source;
    way->target[way->depth] = target;
    return 1;
}

/* Enter the folder that a path leads into; return the name in it, or nothing. */
static const char *follow(struct way *way, const char *path)
{
    const char *end;
    int depth = 0;
    for (; (end = strchr(path, '/')) != NULL; path = end + 1, depth++) {
        size_t size = (size_t)(end - path);
        if (depth < way->depth && way->sizes[depth] == size && !memcmp(way->parts[depth], path, size))
            continue;
        leave(way, depth);
        if (!enter(way, path, size))
            return NULL;
    }
    leave(way, depth);
    return path;
}

/* Give files below one folder the same names below another one, if they are as they were noted; folders are made. Each
   path ends with a zero. Return how many were done; of the next one nothing is there. */
size_t chapbook_link(int source, int target, const char *paths, const struct stamp *stamps, size_t count)
{
    struct way way = {.source = {source}, .target = {target}};
    struct stat status;
    size_t done = 0;
    for (; done < count; done++, paths += strlen(paths) + 1) {
        const char *name = follow(&way, paths);
        if (name == NULL || fstatat(way.source[way.depth], name, &status, AT_SYMLINK_NOFOLLOW))
            break;
        if (!S_ISREG(status.st_mode) || status.st_size != stamps[done].size || time_of(&status) != stamps[done].time)
            break;
        if (linkat(way.source[way.depth], name, way.target[way.depth], name, 0))
            break;
    }
    leave(&way, 0);
    return done;
}

/* Note size and time of what is below a folder, whatever it is; return of how much that could be told. */
size_t chapbook_look(int folder, const char *paths, struct stamp *stamps, size_t count)
{
    struct stat status;
    size_t done = 0;
    for (; done < count && !fstatat(folder, paths, &status, AT_SYMLINK_NOFOLLOW); done++, paths += strlen(paths) + 1) {
        stamps[done].size = status.st_size;
        stamps[done].time = time_of(&status);
    }
    return done;
}
