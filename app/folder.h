/* A company's folder: its one file of data and a lock, so that two programs never write the same company. */
#ifndef APP_FOLDER_H
#define APP_FOLDER_H

#include "base/error.h"

typedef struct Folder {
  char store[4096]; /* path of the data file; on PostgreSQL the address, and the folder is none */
  int lock;         /* descriptor of the lock file, held until folder_close; -1: none */
} Folder;

/* Makes the folder when `make` is set and it is missing; takes the lock, or fails with ERROR_STORE_LOCKED. Without `make` the data file must exist. */
bool folder_open(Folder *out, const char *path, bool make, Error *error) MUST_USE;
/* The same, without the lock: for readers beside a running program. */
bool folder_look(Folder *out, const char *path, Error *error) MUST_USE;
void folder_close(Folder *folder);
/* Removes a folder that was made for one run only, with the files this program puts there. */
void folder_remove(const char *path);

#endif
