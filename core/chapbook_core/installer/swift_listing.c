/* Listing: the files of an archive whose directory is as most are, held against the wheel's RECORD, and written down
   for its manifest.

   Whatever is unusual makes the whole listing fail, and the archive is read in Python, which tells what is only rare
   from what is wrong. So everything that is asked here is at least as strict as what is asked there
   (`archive_directory.py`, `member_name.py`, `wheel.py`). */

#include "swift.h"

#include <stdlib.h>
#include <string.h>

/* Of the entries of the directory (APPNOTE.TXT 4.3.12). */
enum { ENTRY = 46, NEWEST = 63, KNOWN_FLAGS = 0x806, FOLDER_ATTRIBUTE = 0x10, LONGEST_PATH = 255 };
static const uint32_t FULL = 0xFFFFFFFF;

enum { IS_FILE = 1, IS_ABOVE, IS_FOLDER }; /* a folder that files lie in, or one that has an entry itself */
enum { MOST_LOOKS = 64 };                  /* Names may have been chosen to fall on one place. */

struct table {
    struct slot *slots;
    size_t mask;
    const struct file *files;
    const char *names;
};

static char folded(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter + 'a' - 'A') : letter; }

static int is_twin(const char *one, const char *other, size_t size)
{
    for (; size && folded(*one) == folded(*other); size--, one++, other++)
        ;
    return size == 0;
}

/* FNV-1a */
static const uint32_t HASH_START = 2166136261, HASH_FACTOR = 16777619;

static uint32_t hashed(uint32_t hash, char letter) { return (hash ^ (uint8_t)folded(letter)) * HASH_FACTOR; }

/* Where a name is, or would be put; nothing when there is no end to looking. */
static struct slot *find_slot(const struct table *table, uint32_t hash, const char *name, size_t size)
{
    size_t place = hash;
    for (int looks = 0; looks < MOST_LOOKS; looks++, place++) {
        struct slot *slot = table->slots + (place & table->mask);
        if (!slot->file)
            return slot;
        if (slot->hash == hash && slot->size == size) {
            if (is_twin(table->names + table->files[slot->file - 1].name, name, size))
                return slot;
            /* Comparing is what takes long, and hardly ever have even two names all this in common. */
            looks += MOST_LOOKS / 2;
        }
    }
    return NULL;
}

/* Take note of a name; tell whether no file system takes it for another one that was noted. */
static int note(const struct table *table, uint32_t hash, size_t file, size_t size, uint32_t kind)
{
    const char *name = table->names + table->files[file].name;
    struct slot *slot = find_slot(table, hash, name, size);
    if (slot == NULL)
        return 0;
    if (!slot->file) {
        *slot = (struct slot){hash, (uint32_t)file + 1, (uint32_t)size, kind};
        return 1;
    }
    if (kind == IS_FILE || slot->kind == IS_FILE || (kind == IS_FOLDER && slot->kind == IS_FOLDER))
        return 0;
    if (kind == IS_FOLDER)
        slot->kind = kind;
    return !memcmp(table->names + table->files[slot->file - 1].name, name, size);
}

/* Whether a part of a name means something else on Windows. */
static int is_reserved(const char *part, size_t size)
{
    static const char *const reserved[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
    const char *dot = memchr(part, '.', size);
    if (dot != NULL)
        size = (size_t)(dot - part);
    while (size && part[size - 1] == ' ')
        size--;
    for (size_t number = 0; number < sizeof reserved / sizeof *reserved; number++)
        if (strlen(reserved[number]) == size && is_twin(reserved[number], part, size))
            return 1;
    return size == 4 && (is_twin("com", part, 3) || is_twin("lpt", part, 3)) && part[3] >= '0' && part[3] <= '9';
}

static int is_usual_part(const char *part, size_t size)
{
    return size && part[size - 1] != '.' && part[size - 1] != ' ' && !is_reserved(part, size);
}

/* Look at the name of a file and note it, and all folders that it lies in. */
static int note_name(const struct table *table, size_t file, int is_folder)
{
    const char *name = table->names + table->files[file].name;
    size_t size = table->files[file].name_size, part = 0;
    uint32_t hash = HASH_START;
    /* Most files lie where the one before does. */
    const char *before = file ? name - 1 - table->files[file - 1].name_size : "";
    size_t same = 0, most = file ? table->files[file - 1].name_size : 0;
    if (size == 0 || size > LONGEST_PATH)
        return 0;
    while (same < size && same < most && name[same] == before[same])
        same++;
    for (size_t place = 0; place < size; place++) {
        char letter = name[place];
        if (letter < ' ' || letter > '~' || strchr("\"\\:,", letter))
            return 0;
        if (letter == '/') {
            if (!is_usual_part(name + part, place - part))
                return 0;
            if (place >= same && !note(table, hash, file, place, IS_ABOVE))
                return 0;
            part = place + 1;
        }
        hash = hashed(hash, letter);
    }
    return is_usual_part(name + part, size - part) && note(table, hash, file, size, is_folder ? IS_FOLDER : IS_FILE);
}

static int read_entry(const uint8_t *entry, struct file *file, int is_folder)
{
    uint32_t attributes = four(entry + 38), mode = attributes >> 16;
    if (memcmp(entry, "PK\1\2", 4) || entry[6] > NEWEST || two(entry + 30) || two(entry + 32) || two(entry + 34))
        return 0;
    *file = (struct file){
        .start = four(entry + 42), .packed = four(entry + 20), .size = four(entry + 24), .checksum = four(entry + 16),
        .method = (uint16_t)two(entry + 10), .flags = (uint16_t)two(entry + 8),
    };
    if (file->flags & ~KNOWN_FLAGS || file->start == FULL || file->packed == FULL || file->size == FULL)
        return 0;
    if (is_folder)
        return file->method == STORED && !file->packed && !file->size && !file->checksum
               && ((mode & S_IFMT) == 0 || (mode & S_IFMT) == S_IFDIR);
    file->mode = mode & 0111 ? 0555 : 0444;
    if (attributes & FOLDER_ATTRIBUTE || ((mode & S_IFMT) != 0 && (mode & S_IFMT) != S_IFREG))
        return 0;
    return file->method == DEFLATED || (file->method == STORED && file->packed == file->size);
}

/* Read a directory that ends where the archive's end record begins and starts at `start` in it. There has to be room
   for `count` files, and for as many letters as the directory has bytes; the slots, a power of two, are zeros. Return
   how many bytes all files have; nothing when anything is unusual. */
uint64_t chapbook_list(const uint8_t *directory, uint64_t size, uint64_t start, struct file *files, size_t count,
                       char *names, struct slot *slots, size_t slot_count)
{
    const uint8_t *place = directory, *stop = directory + size;
    struct table table = {slots, slot_count - 1, files, names};
    uint64_t total = 0;
    uint32_t used = 0;
    for (size_t number = 0; number < count; number++) {
        if (stop - place < ENTRY)
            return 0;
        size_t name_size = two(place + 28);
        if ((size_t)(stop - place) - ENTRY < name_size || name_size == 0)
            return 0;
        int is_folder = place[ENTRY + name_size - 1] == '/';
        struct file *file = files + number;
        if (!read_entry(place, file, is_folder))
            return 0;
        file->name = used;
        file->name_size = (uint32_t)name_size - (uint32_t)is_folder;
        memcpy(names + used, place + ENTRY, file->name_size);
        used += file->name_size;
        names[used++] = 0;
        place += ENTRY + name_size;
        /* The records lie in the order of the directory, from the first byte on and without a gap; nothing but the
           name stands between a record's header and its content. */
        file->stop = file->start + HEADER + name_size + file->packed;
        if (file->start != (number ? file[-1].stop : 0) || !note_name(&table, number, is_folder))
            return 0;
        total += file->size;
    }
    return count && place == stop && files[count - 1].stop == start ? total : 0;
}

static int is_any(const char *const names, size_t count, const char *name)
{
    const char *one = names;
    for (; count; count--, one += strlen(one) + 1)
        if (!strcmp(one, name))
            return 1;
    return 0;
}

static int is_digest(const uint8_t *text)
{
    for (int place = 0; place < 43; place++) {
        char letter = (char)text[place];
        if (!(folded(letter) >= 'a' && folded(letter) <= 'z') && !(letter >= '0' && letter <= '9') && letter != '-'
            && letter != '_')
            return 0;
    }
    return 1;
}

/* Whether a text is this number, written in the one way. */
static int is_number(const uint8_t *text, size_t size, uint64_t number)
{
    do
        if (!size || text[--size] != '0' + number % 10)
            return 0;
    while (number /= 10);
    return size == 0;
}

static struct file *find_file(const struct table *table, struct file *files, const uint8_t *name, size_t size)
{
    uint32_t hash = HASH_START;
    for (size_t place = 0; place < size; place++)
        hash = hashed(hash, (char)name[place]);
    struct slot *slot = find_slot(table, hash, (const char *)name, size);
    if (slot == NULL || !slot->file || slot->kind != IS_FILE)
        return NULL;
    struct file *file = files + slot->file - 1;
    return memcmp(table->names + file->name, name, size) ? NULL : file;
}

/* Hold a RECORD against the files that were listed: it has one row of each, with the right size and a SHA-256, which is
   noted. Only the files named in `unlisted`, of which each ends with a zero, have none. Tell whether it is so. */
int chapbook_compare(const uint8_t *record, uint64_t size, struct file *files, size_t count, const char *names,
                     struct slot *slots, size_t slot_count, const char *unlisted, size_t unlisted_count)
{
    const uint8_t *place = record, *stop = record + size;
    struct table table = {slots, slot_count - 1, files, names};
    size_t rows = 0, wanted = 0;
    for (; place < stop; rows++) {
        const uint8_t *end = memchr(place, '\n', (size_t)(stop - place));
        if (end == NULL)
            return 0;
        const uint8_t *next = end + 1, *comma = memchr(place, ',', (size_t)(end - place));
        if (comma == NULL)
            return 0;
        end -= end[-1] == '\r';
        struct file *file = find_file(&table, files, place, (size_t)(comma - place));
        if (file == NULL || file->is_told)
            return 0;
        const uint8_t *digest = comma + 1;
        if (is_any(unlisted, unlisted_count, names + file->name)) {
            if (end - digest != 1 || *digest != ',')
                return 0;
        } else {
            if (end - digest < 7 + 43 + 1 || memcmp(digest, "sha256=", 7) || !is_digest(digest + 7)
                || digest[7 + 43] != ',')
                return 0;
            const uint8_t *number = digest + 7 + 43 + 1;
            if (!is_number(number, (size_t)(end - number), file->size))
                return 0;
            memcpy(file->told, digest + 7, 43);
        }
        file->is_told = 1;
        place = next;
    }
    for (size_t number = 0; number < count; number++)
        wanted += files[number].mode != 0;
    return rows == wanted;
}

/* What the files of a manifest are sorted by: first those outside of the folder of other schemes, then by folder. */
struct key {
    const char *name;
    const struct file *file;
    size_t folder, size;
    int is_scattered;
};

static int compared(const char *one, size_t one_size, const char *other, size_t other_size)
{
    int order = memcmp(one, other, one_size < other_size ? one_size : other_size);
    return order ? order : (one_size > other_size) - (one_size < other_size);
}

static int compare_keys(const void *left, const void *right)
{
    const struct key *one = left, *other = right;
    if (one->is_scattered != other->is_scattered)
        return one->is_scattered - other->is_scattered;
    int order = compared(one->name, one->folder, other->name, other->folder);
    return order ? order
                 : compared(one->name + one->folder, one->size - one->folder, other->name + other->folder,
                            other->size - other->folder);
}

static char *put(char *to, const char *text, size_t size)
{
    memcpy(to, text, size);
    return to + size;
}

static char *put_quoted(char *to, const char *text, size_t size)
{
    *to++ = '"';
    to = put(to, text, size);
    *to++ = '"';
    return to;
}

static char *put_number(char *to, int64_t number)
{
    char digits[24], *digit = digits + sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        *--digit = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--digit = '-';
    return put(to, digit, (size_t)(digits + sizeof digits - digit));
}

static char *put_truth(char *to, int is_true) { return is_true ? put(to, "true", 4) : put(to, "false", 5); }

static char *put_columns(char *to, const struct key *keys, size_t count)
{
    *to++ = '[';
    for (int column = 0; count && column < 6; column++) {
        *to++ = '[';
        for (const struct key *key = keys; key < keys + count; key++) {
            const struct file *file = key->file;
            switch (column) {
            case 0: to = put_quoted(to, key->name, key->size); break;
            case 1: to = put_number(to, (int64_t)file->size); break;
            case 2: to = put_number(to, file->time); break;
            case 3: to = put_quoted(to, file->digest, 43); break;
            case 4: to = put_truth(to, file->mode == 0555); break;
            default: to = put_truth(to, (int)file->is_text);
            }
            *to++ = ',';
        }
        to[-1] = ']';
        *to++ = ',';
    }
    if (!count)
        to++;
    to[-1] = ']';
    return to;
}

enum { MOST_ROOTS = 64 };

/* The names directly in the tree, in their order; nothing when there are too many of them. */
static char *put_roots(char *to, const struct key *keys, size_t count)
{
    const char *roots[MOST_ROOTS];
    size_t sizes[MOST_ROOTS], known = 0;
    *to++ = '[';
    for (const struct key *key = keys; key < keys + count; key++) {
        const char *slash = memchr(key->name, '/', key->size);
        size_t size = slash ? (size_t)(slash - key->name) : key->size, place = 0;
        while (place < known && (sizes[place] != size || memcmp(roots[place], key->name, size)))
            place++;
        if (place < known)
            continue;
        if (known == MOST_ROOTS)
            return NULL;
        roots[known] = key->name;
        sizes[known++] = size;
        to = put_quoted(to, key->name, size);
        *to++ = ',';
    }
    to -= known != 0;
    *to++ = ']';
    return to;
}

/* Write the columns of a manifest as JSON: of the files outside of the folder `data`, of those in it, and then the
   names in the tree. `out` has room for 128 bytes and thrice the name of each file. Tell how long the three texts are
   and how many files the first two have; return whether it could be done. */
int chapbook_columns(const struct file *files, size_t count, const char *names, const char *data, char *out,
                     uint64_t told[5])
{
    struct key *keys = malloc((count ? count : 1) * sizeof *keys);
    size_t known = 0, held = 0, data_size = strlen(data);
    if (keys == NULL)
        return 0;
    for (const struct file *file = files; file < files + count; file++) {
        if (!file->mode)
            continue;
        const char *name = names + file->name, *slash = strrchr(name, '/');
        int is_scattered = !strncmp(name, data, data_size) && (name[data_size] == '/' || name[data_size] == 0);
        size_t folder = slash ? (size_t)(slash - name) : 0;
        keys[known++] = (struct key){name, file, folder, file->name_size, is_scattered};
        held += !is_scattered;
    }
    qsort(keys, known, sizeof *keys, compare_keys);
    char *end = put_columns(out, keys, held);
    told[0] = (uint64_t)(end - out);
    char *next = put_columns(end, keys + held, known - held);
    told[1] = (uint64_t)(next - end);
    end = put_roots(next, keys, held);
    told[2] = end == NULL ? 0 : (uint64_t)(end - next);
    told[3] = held;
    told[4] = known - held;
    free(keys);
    return end != NULL;
}
