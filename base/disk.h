/* Writing files: the one place through which the program writes what it keeps outside the store (packages, exports, backups, the first password),
 * so that a test can make the n-th of these calls fail as a disk does. A write goes on after an interruption and after a short one. */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include <stdint.h>

#include "base/error.h"

/* All of it, or an error that names `path`: ERROR_STORE_FULL when there is no room, else ERROR_IO. */
bool disk_write(int file, const void *bytes, size_t len, const char *path, Error *error) MUST_USE;
bool disk_sync(int file, const char *path, Error *error) MUST_USE;
bool disk_close(int file, const char *path, Error *error) MUST_USE; /* closed in either case */
/* A new name is on the disk only when its folder is. folder: what both names are in; AT_FDCWD: as they stand. Fails with the new name taken when only the
 * last part failed. */
bool disk_rename(int folder, const char *from, const char *to, Error *error) MUST_USE;
bool disk_sync_name(const char *path, Error *error) MUST_USE; /* of a file or folder newly made: its name stays */

typedef enum DiskFault { DISK_FAULT_IO, DISK_FAULT_FULL, DISK_FAULT_SHORT, DISK_FAULTS } DiskFault;
/* Makes the n-th of the calls above from now fail, once, as a disk with this fault would: 1 = the next, 0 = never. A short write is no failure: half
 * is taken, and the rest must follow. */
void disk_fail_at(int64_t nth, DiskFault fault);
int64_t disk_calls(void); /* so many so far, in this process */
void disk_ask(bool (*fails)(void)); /* asked at each of them, in its thread, whether it is to fail as told last; NULL: nobody is */

#endif
