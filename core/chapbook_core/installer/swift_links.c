/* Links: files of one folder that get the same names below another one. */

#include "swift.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void chapbook_leave(struct way *way, int depth)
{
    for (; way->depth > depth; way->depth--) {
        if (way->source[way->depth] >= 0)
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
    int source = way->source[way->depth], target = -1;
    if (source >= 0 && (source = openat(source, name, FLAGS)) < 0)
        return 0;
    if (!mkdirat(way->target[way->depth], name, 0777) || errno == EEXIST)
        target = openat(way->target[way->depth], name, FLAGS);
    if (target < 0) {
        if (source >= 0)
            close(source);
        return 0;
    }
    way->parts[way->depth] = part;
    way->sizes[way->depth++] = size;
    way->source[way->depth] = source;
    way->target[way->depth] = target;
    return 1;
}

/* Enter the folder that a path leads into, part by part and never through a link; return the name in it, or nothing. */
const char *chapbook_follow(struct way *way, const char *path)
{
    const char *end;
    int depth = 0;
    for (; (end = strchr(path, '/')) != NULL; path = end + 1, depth++) {
        size_t size = (size_t)(end - path);
        if (depth < way->depth && way->sizes[depth] == size && !memcmp(way->parts[depth], path, size))
            continue;
        chapbook_leave(way, depth);
        if (!enter(way, path, size))
            return NULL;
    }
    chapbook_leave(way, depth);
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
        const char *name = chapbook_follow(&way, paths);
        if (name == NULL || fstatat(way.source[way.depth], name, &status, AT_SYMLINK_NOFOLLOW))
            break;
        if (!S_ISREG(status.st_mode) || status.st_size != stamps[done].size || time_of(&status) != stamps[done].time)
            break;
        if (linkat(way.source[way.depth], name, way.target[way.depth], name, 0))
            break;
    }
    chapbook_leave(&way, 0);
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
