#include "interop/package.h"

#include <stdio.h>

#include "interop/backdrop.h"
#include "interop/file.h"
#include "interop/package_reader.h"

/* The machine is at fault, not the package. */
static bool is_fatal(const Error *said) { return said->code == ERROR_IO || said->code == ERROR_OUT_OF_MEMORY; }

static bool read_rows(PackageReader *r, PackageFile file) {
  const PackageTable *table = &PACKAGE_TABLE[file];
  enum { TELL_EVERY = 16384 };
  bool row = true, on = true;
  for (int64_t rows = 0; on; rows++) {
    Error said = {0};
    if (!csv_next(r->csv, &row, &said)) {
      if (is_fatal(&said)) {
        *r->error = said;
        return false;
      }
      *package_problem(r) = said;
      r->names[file].torn = true;
      on = !csv_broken(r->csv);
      continue;
    }
    if (r->progress && (!row || rows % TELL_EVERY == 0)) r->progress(r->progress_self, table->name, rows, row ? 0 : rows);
    if (!row) break;
    if (!table->row(r)) return false;
  }
  return !table->end || table->end(r);
}

static bool read_table(PackageReader *r, PackageFile file) {
  const PackageTable *table = &PACKAGE_TABLE[file];
  char path[4096];
  Error said = {0};
  r->file = table->name;
  if (snprintf(path, sizeof path, "%s/%s", r->folder, table->name) >= (int)sizeof path)
    return error_raise(r->error, ERROR_IO, "%.100s\t%s", r->folder, "the path is too long");
  bool open = csv_open_file(&r->csv, path, &said);
  if (!open && said.code == ERROR_NOT_FOUND)
    return file == FILE_DEVICES ? error_raise(r->error, ERROR_NOT_FOUND, "file\t%.150s", path) : true;
  bool ok = open && csv_columns(r->csv, table->columns, table->count, &said);
  if (ok) {
    ok = read_rows(r, file);
  } else if (is_fatal(&said)) {
    *r->error = said;
  } else {
    *package_problem(r) = said;
    r->names[file].torn = ok = true;
  }
  csv_close(r->csv);
  r->csv = NULL;
  return ok;
}

static bool read_backdrop(PackageReader *r) {
  char path[4096];
  Error said = {0};
  File *file;
  r->file = "backdrop.geojson";
  snprintf(path, sizeof path, "%s/%s", r->folder, r->file);
  if (!file_open(&file, path, r->error)) return false;
  if (!file) return true;
  bool ok = backdrop_read(&r->package->backdrop, &r->package->texts, file_read, file, &said);
  file_close(file);
  if (ok) return true;
  error_at(&said, "%s", r->file);
  *(is_fatal(&said) ? r->error : package_problem(r)) = said;
  return !is_fatal(&said);
}

static void hand_over(PackageReader *r) {
  Package *p = r->package;
#define HAND(member, counter) (p->member = r->member.at, p->counter = r->member.count)
  HAND(orgs, org_count);
  HAND(devices, device_count);
  HAND(ties, tie_count);
  HAND(customers, customer_count);
  HAND(crews, crew_count);
  HAND(stock, stock_count);
#undef HAND
}

static void end_reader(PackageReader *r) {
  for (int i = 0; i < FILE_COUNT; i++) {
    text_map_free(&r->names[i].rows);
    vector_free(&r->names[i].lines);
  }
  vector_free(&r->parents);
  vector_free(&r->place);
}

bool package_read(Package *out, const char *folder, PackageProblems *problems, PackageProgress progress, void *progress_self,
                  Error *error) {
  PackageProblems own = {0};
  Error stop = {0};
  PackageReader r = {.package = out,
                     .problems = problems ? problems : &own,
                     .folder = folder,
                     .progress = progress,
                     .progress_self = progress_self,
                     .error = &stop};
  *out = (Package){0};
  *r.problems = own;
  arena_begin(&out->texts, 0);
  bool ok = true;
  for (int file = 0; ok && file < FILE_COUNT; file++) ok = read_table(&r, (PackageFile)file);
  ok = ok && read_backdrop(&r);
  hand_over(&r);
  end_reader(&r);
  if (!ok) {
    if (error) *error = stop;
  } else if (r.problems->count) {
    ok = error_raise(error, ERROR_IMPORT_FAILED, "%zu", r.problems->count);
  }
  if (!ok) package_end(out);
  package_problems_end(&own);
  return ok;
}

void package_end(Package *package) {
  memory_free(package->orgs);
  memory_free(package->devices);
  memory_free(package->ties);
  memory_free(package->customers);
  memory_free(package->crews);
  memory_free(package->stock);
  arena_end(&package->texts);
  *package = (Package){0};
}

void package_problems_end(PackageProblems *problems) {
  memory_free(problems->at);
  *problems = (PackageProblems){0};
}
