#include "app/house.h"

#include <stdio.h>
#include <sys/stat.h>

#include "app/supply_join.h"
#include "base/json.h"
#include "grid/part.h"
#include "store/schema.h"

/* What the crew room may know of an outage. */
static bool site_find(void *self, OutageId id, CrewSite *out) {
  const House *house = self;
  const Outage *outage = outage_find(house->outages, id);
  if (!outage) return false;
  char number[OUTAGE_NUMBER_MAX];
  *out = (CrewSite){.device = outage->device, .version = outage->version, .restored = outage->state >= OUTAGE_RESTORED,
                      .customers = outage->customers_out, .found_at = outage->found_at};
  snprintf(out->number, sizeof out->number, "%s", outage_number(outage, number));
  return true;
}

static OutageId site_at(void *self, size_t i) {
  const House *house = self;
  return i < outage_count(house->outages) ? outage_at(house->outages, i)->id : (OutageId){0};
}

static void site_write(void *self, OutageId id, Json *json) {
  const House *house = self;
  const Outage *outage = outage_find(house->outages, id);
  if (outage) outage_write_summary(house->outages, outage, json);
  else json_nil(json);
}

static CrewId crew_of_staff(void *self, int64_t staff_id) {
  const House *house = self;
  return (CrewId){staff_crew_of(house->staff, staff_id)};
}

/* To whom an order goes in a part of the organisation. */
static StaffId staff_for(void *self, int64_t org_id, uint32_t role) {
  const House *house = self;
  return (StaffId){staff_of_role(house->staff, org_id, role)};
}

static bool is_known(void *self, bool staff, int64_t id, int64_t org_id) {
  const House *house = self;
  const Crew *crew = staff ? NULL : crew_find(house->crews, (CrewId){id});
  return staff ? colleague_works(house->staff, id, org_id) : crew && crew_in_reach(house->crews, org_id, crew);
}

/* What the staff half of the people room asks the other half. */
static bool org_within(void *self, int64_t org_id, int64_t ancestor_id) {
  const House *house = self;
  return people_org_within(house->people, org_id, ancestor_id);
}

static int64_t org_of_crew(void *self, int64_t crew_id) {
  const House *house = self;
  const Crew *crew = crew_find(house->crews, (CrewId){crew_id});
  return crew ? crew->org_id : -1;
}

static bool org_whole(void *self, int64_t org_id) {
  const House *house = self;
  return people_org_whole(house->people, org_id);
}

/* A person's name for the histories: the full one, or the one they sign in with. */
static Text staff_name(void *self, int64_t staff_id, Arena *arena) {
  const House *house = self;
  StaffMember member;
  if (!staff_member(house->staff, staff_id, &member)) return TEXT_NONE;
  return text_copy(arena, member.full_name.len ? member.full_name : member.name);
}

static Text org_name(void *self, int64_t org_id) {
  const House *house = self;
  size_t row;
  return people_org_row(house->people, org_id, &row) ? people_org(house->people, row)->name : TEXT_NONE;
}

static bool owes(void *self, CustomerId customer) {
  ArrearsStatement owed;
  return arrears_of(self, customer, &owed) >= ARREARS_OWING;
}

bool house_open(House *house, const HouseOptions *options, Error *error) {
  *house = (House){.folder.lock = -1};
  struct stat folder;
  if (options->rules && (stat(options->rules, &folder) != 0 || !S_ISDIR(folder.st_mode))) /* or the company's own rules would silently not hold */
    return error_raise(error, ERROR_NOT_FOUND, "规则目录" ERROR_BOTH "rules folder\t%s", options->rules);
  time_real(&house->time);
  time_real(&house->wall);
  house->county_id = options->county_id ? options->county_id : HOUSE_COUNTY;
  house->lease = options->lease;
  if (!folder_open(&house->folder, options->data, options->make, error)) return house_close(house), false;
  bool file = db_address_is_file(house->folder.store);
  StaffOptions staff = {.county_id = house->county_id, .wall = &house->wall, .orgs = {org_within, org_whole, org_name, org_of_crew, house}};
  bool ok = db_open(&house->db, house->folder.store, options->mode, error) && schema_migrate(house->db, error) &&
            (file || house->lease || lease_take(&house->lease, house->folder.store, house->county_id, options->holder ? options->holder : "a command", error));
  DeskOptions desk = {.county_id = house->county_id, .time = &house->time, .lease = house->lease,
                      .checkpoint_address = file && options->checkpoints ? house->folder.store : NULL};
  ok = ok &&
            grid_open(&house->grid, house->db, house->county_id, error) && part_rows_settle(house->db, house->grid, error) && people_open(&house->people, house->db, house->grid, house->county_id, error) &&
            desk_open(&house->desk, house->db, &desk, error) && arrears_open(&house->arrears, house->desk, house->db, house->people, house->county_id, error) &&
            staff_open(&house->staff, house->desk, house->db, &staff, error) &&
            order_open(&house->orders, house->desk, house->db, house->grid, house->people, options->rules, error) &&
            outage_open(&house->outages, house->desk, house->db, house->grid, house->people, house->orders, options->rules, error) &&
            group_open(&house->groups, house->desk, house->db, house->people, house->orders, options->rules, error) &&
            hall_open(&house->hall, house->desk, house->people, house->orders, house->groups, house->outages, error) &&
            privacy_open(&house->privacy, house->desk, house->db, house->people, house->county_id, error);
  CrewSites sites = {site_find, site_write, site_at, house};
  ok = ok && crew_open(&house->crews, house->desk, house->db, house->grid, house->people, &sites, options->rules, error);
  ok = ok && visit_open(&house->visits, house->desk, house->db, house->grid, house->people, house->orders, error);
  ok = ok && meter_open(&house->meters, house->desk, house->db, house->grid, house->people, house->orders, options->rules, error);
  ok = ok && supply_open(&house->supply, house->desk, house->db, house->grid, house->people, house->orders, options->rules, error);
  if (ok) {
    crew_on_members(house->crews, crew_of_staff, house);
    order_on_arrears(house->orders, house->arrears);
    outage_on_arrears(house->outages, house->arrears);
    visit_on_debts(house->visits, (VisitDebts){owes, house->arrears});
    order_on_names(house->orders, staff_name, house);
    order_on_staff(house->orders, staff_for, house);
    order_on_known(house->orders, is_known, house);
    outage_on_names(house->outages, staff_name, house);
    supply_join(&house->readings, house->meters);
    supply_on_readings(house->supply, &house->readings);
  }
  if (!ok) house_close(house);
  return ok;
}

void house_close(House *house) {
  if (house->desk) desk_stop(house->desk);
  supply_close(house->supply);
  visit_close(house->visits);
  meter_close(house->meters);
  crew_close(house->crews);
  hall_close(house->hall);
  group_close(house->groups);
  privacy_close(house->privacy);
  outage_close(house->outages);
  order_close(house->orders);
  staff_close(house->staff);
  desk_close(house->desk);
  arrears_close(house->arrears);
  people_close(house->people);
  grid_close(house->grid);
  db_close(house->db);
  lease_give(house->lease); /* last: nothing of ours writes any more */
  folder_close(&house->folder);
  *house = (House){.folder.lock = -1};
}

bool house_setting(Text *out, const House *house, const char *name, Arena *arena, Error *error) {
  DbStatement *statement;
  bool row;
  *out = TEXT("");
  if (!db_prepare(&statement, house->db, "SELECT value FROM setting WHERE county_id = ?1 AND name = ?2", error)) return false;
  db_bind_i64(statement, 1, house->county_id);
  db_bind_text(statement, 2, text_of(name));
  if (!db_step(&row, statement, error)) return false;
  if (row) *out = text_copy(arena, db_column_text(statement, 0));
  db_reset(statement);
  return out->at ? true : error_raise(error, ERROR_OUT_OF_MEMORY, "%s", name);
}

bool house_untouched(bool *out, const House *house, Error *error) {
  DbStatement *statement;
  bool row;
  if (!db_prepare(&statement, house->db, "SELECT 1 FROM orders WHERE county_id = ?1 LIMIT 1", error)) return false;
  db_bind_i64(statement, 1, house->county_id);
  if (!db_step(&row, statement, error)) return false;
  db_reset(statement);
  *out = !row;
  return true;
}

bool house_set(const House *house, const char *name, Text value, Error *error) {
  DbStatement *statement;
  if (!db_prepare(&statement, house->db,
                  "INSERT INTO setting (county_id, name, value) VALUES (?1, ?2, ?3)"
                  " ON CONFLICT (county_id, name) DO UPDATE SET value = excluded.value",
                  error))
    return false;
  db_bind_i64(statement, 1, house->county_id);
  db_bind_text(statement, 2, text_of(name));
  db_bind_text(statement, 3, value);
  return db_done(statement, error);
}
