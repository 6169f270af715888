/* What a store gives to stand behind db.h: one table of functions. db.c chooses it by the address; nobody else knows which it is. */
#ifndef STORE_DB_DRIVER_H
#define STORE_DB_DRIVER_H

#include "base/buffer.h"
#include "base/map.h"
#include "store/db.h"

typedef struct DbDriver {
  bool (*open)(Db **out, const char *address, DbMode mode, Error *error);
  void (*close)(Db *db);
  bool (*run)(Db *db, const char *sql, Error *error);
  bool (*prepare)(DbStatement **out, Db *db, const char *sql, bool bulk, Error *error); /* not prepared yet on this connection */
  void (*bind_i64)(DbStatement *s, int at, int64_t value);
  void (*bind_f64)(DbStatement *s, int at, double value);
  void (*bind_text)(DbStatement *s, int at, Text value); /* not NULL */
  void (*bind_blob)(DbStatement *s, int at, const void *bytes, size_t len);
  void (*bind_null)(DbStatement *s, int at);
  bool (*step)(bool *row, DbStatement *s, Error *error);
  bool (*done)(DbStatement *s, int64_t rows, Error *error); /* rows < 0: any number */
  void (*reset)(DbStatement *s);
  void (*finish)(DbStatement *s); /* frees it */
  bool (*column_is_null)(DbStatement *s, int at);
  int64_t (*column_i64)(DbStatement *s, int at);
  double (*column_f64)(DbStatement *s, int at);
  Text (*column_text)(DbStatement *s, int at);
  Text (*column_blob)(DbStatement *s, int at);
  bool (*begin)(Db *db, Error *error);
  bool (*commit)(Db *db, Error *error);
  void (*rollback)(Db *db);
  bool (*savepoint)(Db *db, Error *error);
  bool (*release)(Db *db, Error *error);
  void (*rollback_savepoint)(Db *db);
  bool (*settle)(Db *db, Error *error);
  int64_t (*changes)(Db *db);
  bool (*in_transaction)(Db *db);
  int64_t (*epoch)(Db *db);
  bool (*checkpoint)(int64_t *log_pages, int64_t *left, Db *db, Error *error);
  bool (*overwrite)(Db *db, bool on, Error *error);
  bool (*backup)(Db *db, const char *to_path, Error *error);
  bool (*verify)(Db *db, char *problem, Error *error);
  bool (*tables)(Db *db, DbTableVisit visit, void *self, Error *error);
  bool (*columns)(DbColumns *out, Db *db, const char *table, Error *error);
} DbDriver;

/* Both begin what a driver makes. */
struct Db {
  const DbDriver *driver;
  Map *statements; /* SQL's address → DbStatement; db.c's */
};
struct DbStatement {
  const DbDriver *driver;
  Db *db;
};

extern const DbDriver DB_SQLITE, DB_POSTGRES;

#endif
