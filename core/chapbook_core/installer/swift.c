/* Unpacking, done for many files at a call: nothing else takes as long when packages are installed for the first time.

   A help and no more. A file that is the least bit out of the ordinary is left alone, and the caller, told how many were
   done, takes the wheel out in Python, which finds the words for what is wrong. So nothing is refused here, and nothing
   is accepted that Python would not accept. Nothing here knows of Python: `ctypes` calls it and lets other threads run.

   libdeflate comes as pointers, from the package `deflate`, which brings it in any case; so does the libcrypto that
   Python uses itself, if it can be had. */

#include "swift.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What the Python that calls this has to have the same. The first number is another one with each change of what a
   function is given or gives. */
const uint32_t *chapbook_layout(void)
{
    static const uint32_t layout[] = {
        2, sizeof(struct tools), sizeof(struct hasher), sizeof(struct stamp), sizeof(struct slot),
        sizeof(struct work), sizeof(struct file), offsetof(struct file, time), offsetof(struct file, name),
        offsetof(struct file, told), offsetof(struct file, digest),
    };
    return layout;
}

enum { LOOKED_AT = 8192 }; /* A file is text unless there is a zero byte this near to its start. */

/* Where the content begins, if the record's header repeats what the directory says. Its size is right: the listing has
   seen to it that there is nothing else in it. */
static const uint8_t *find_content(const struct file *file, const char *name, const uint8_t *record)
{
    size_t size = file->name_size;
    int is_folder = !file->mode;
    if (memcmp(record, "PK\3\4", 4) || two(record + 6) != file->flags || two(record + 8) != file->method)
        return NULL;
    if (four(record + 14) != file->checksum || four(record + 18) != file->packed || four(record + 22) != file->size)
        return NULL;
    if (two(record + 26) != size + (size_t)is_folder || two(record + 28) != 0)
        return NULL;
    if (memcmp(record + HEADER, name, size) || (is_folder && record[HEADER + size] != '/'))
        return NULL;
    return record + HEADER + size + is_folder;
}

static int take_out(const struct tools *tools, void *inflater, const struct file *file, const uint8_t *content,
                    uint8_t *room)
{
    size_t read = file->packed, written = file->packed;
    /* Python has zlib inflate nothing, which refuses some of what libdeflate takes; this much is the same to both. */
    if (file->method == DEFLATED && file->size == 0 && file->packed > 2)
        return 0;
    if (file->method == STORED)
        memcpy(room, content, file->size);
    else if (tools->inflate(inflater, content, file->packed, room, file->size, &read, &written))
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

/* Part of the archive, from `start` to `stop`, in memory of the caller. */
struct window {
    int descriptor;
    uint8_t *place;
    uint64_t size, start, stop;
};

/* A record, read together with as many of those behind it as there is room for. */
static const uint8_t *look(struct window *window, const struct file *file, uint64_t end)
{
    if (file->start < window->start || file->stop > window->stop) {
        if (file->stop - file->start > window->size)
            return NULL;
        uint64_t left = end - file->start;
        window->start = window->stop = file->start;
        while (window->stop < file->stop) {
            uint64_t filled = window->stop - window->start;
            uint64_t wanted = (left < window->size ? left : window->size) - filled;
            ssize_t count = pread(window->descriptor, window->place + filled, wanted, (off_t)window->stop);
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                return NULL;
            window->stop += (uint64_t)count;
        }
    }
    return window->place + (file->start - window->start);
}

/* Take files of an archive out of their records and write them below a folder, until there is no room for what they
   contain. With a hasher their digests are those that RECORD gives; without one the room holds them afterwards, one
   behind the other. Return how many were done; of the next one nothing is left in the folder. */
size_t chapbook_unpack(const struct work *work, struct file *files, size_t count, const char *names)
{
    const struct tools *tools = work->tools;
    const struct hasher *hasher = work->hasher;
    struct window window = {.descriptor = work->archive, .place = work->packed, .size = work->packed_size};
    struct way way = {.source = {-1}, .target = {work->folder}};
    uint64_t used = 0;
    size_t done = 0;
    void *inflater = tools->open(), *state = hasher == NULL ? NULL : hasher->open();
    while (inflater != NULL && (hasher == NULL || state != NULL) && done < count) {
        struct file *file = files + done;
        if (file->size > work->room_size - used)
            break;
        const uint8_t *record = look(&window, file, files[count - 1].stop);
        const uint8_t *content = record == NULL ? NULL : find_content(file, names + file->name, record);
        if (content == NULL)
            break;
        if (file->mode) {
            /* What nobody asks for afterwards stays in the processor's cache, one file over the other. */
            uint8_t *room = hasher == NULL ? work->room + used : work->room;
            if (!take_out(tools, inflater, file, content, room))
                break;
            if (hasher != NULL && !tell_digest(hasher, state, file, room))
                break;
            if (hasher != NULL && *file->told && memcmp(file->told, file->digest, sizeof file->told))
                break;
            if (work->folder >= 0) {
                const char *name = chapbook_follow(&way, names + file->name);
                if (name == NULL || !write_file(file, way.target[way.depth], name, room))
                    break;
            }
            file->is_text = memchr(room, 0, file->size < LOOKED_AT ? file->size : LOOKED_AT) == NULL;
            used += file->size;
        }
        done++;
    }
    chapbook_leave(&way, 0);
    if (state != NULL)
        hasher->close(state);
    if (inflater != NULL)
        tools->close(inflater);
    return done;
}
