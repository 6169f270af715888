#include "people/staff.h"

#include <stdio.h>

#include "base/limits.h"
#include "people/staff_private.h"

const char *const STAFF_UNHEARD[] = {"people.", "customer.", NULL};
const char *const STAFF_ROLE_NAMES[] = {"agent", "dispatcher", "crew", "manager", "head", "administrator", "security", "auditor", NULL};

/* --- memory --- */

static size_t place_of(const Staff *staff, int64_t id) { /* where it is or would be */
  size_t low = 0, high = staff->accounts.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (staff->accounts.at[middle]->member.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

Account *account_find(const Staff *staff, int64_t id) {
  size_t at = place_of(staff, id);
  return at < staff->accounts.count && staff->accounts.at[at]->member.id == id ? staff->accounts.at[at] : NULL;
}

Account *account_find_name(const Staff *staff, Text name) {
  for (size_t i = 0; i < staff->accounts.count; i++)
    if (text_equal(staff->accounts.at[i]->member.name, name)) return staff->accounts.at[i];
  return NULL;
}

StaffMember account_member(const Account *account) {
  StaffMember member = account->member;
  member.last_seen = atomic_load_explicit(&account->seen, memory_order_relaxed);
  return member;
}

/* Texts once handed out stay where they are; only a changed one takes new room. */
static bool keep_text(Staff *staff, Text *kept, Text text) {
  if (text_equal(*kept, text) && (kept->at != NULL) == (text.at != NULL)) return true;
  Text copy = text.at ? text_copy(&staff->texts, text) : TEXT_NONE;
  if (text.at && !copy.at) return false;
  *kept = copy;
  return true;
}

static Account *account_new(Staff *staff, int64_t id) {
  if (!vector_reserve(&staff->accounts, 1)) return NULL;
  Account *account = ARENA_NEW(&staff->texts, Account);
  if (!account) return NULL;
  size_t at = place_of(staff, id);
  memmove(staff->accounts.at + at + 1, staff->accounts.at + at, (staff->accounts.count - at) * sizeof *staff->accounts.at);
  staff->accounts.at[at] = account;
  staff->accounts.count++;
  account->member.id = id;
  account->seen = account->stored = INSTANT_NONE;
  return account;
}

bool account_put(Staff *staff, const StaffMember *member, const char *password, Error *error) {
  Account *account = account_find(staff, member->id);
  if (!account) account = account_new(staff, member->id);
  if (!account || !keep_text(staff, &account->member.name, member->name) || !keep_text(staff, &account->member.full_name, member->full_name))
    return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "staff");
  Text name = account->member.name, full_name = account->member.full_name;
  account->member = *member;
  account->member.name = name;
  account->member.full_name = full_name;
  account->member.two_factor = account->factor.confirmed;
  account->loaded = true;
  snprintf(account->password, sizeof account->password, "%s", password);
  return true;
}

/* What is no longer in the rows goes at the end, so that a store that fails in the middle signs nobody out. */
static bool reload(Db *db, void *room, Error *error) {
  Staff *staff = room;
  pthread_rwlock_wrlock(&staff->lock);
  for (size_t i = 0; i < staff->accounts.count; i++) staff->accounts.at[i]->loaded = false;
  if (staff->oidc) oidc_keys_unkept(staff->oidc); /* perhaps */
  session_loading(staff);
  bool ok = store_load_staff(staff, db, error);
  size_t kept = 0;
  for (size_t i = 0; ok && i < staff->accounts.count; i++)
    if (staff->accounts.at[i]->loaded) staff->accounts.at[kept++] = staff->accounts.at[i];
  if (ok) staff->accounts.count = kept, session_loaded(staff);
  pthread_rwlock_unlock(&staff->lock);
  return ok;
}

bool staff_open(Staff **out, Desk *desk, Db *db, const StaffOptions *options, Error *error) {
  if (sodium_init() < 0) return error_raise(error, ERROR_INTERNAL, "%s", "libsodium");
  Staff *staff = memory_new(sizeof *staff);
  if (!staff) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "staff");
  staff->desk = desk;
  staff->options = *options;
  staff->last_stored = time_now(options->wall);
  staff->delays = delays_new();
  pthread_rwlock_init(&staff->lock, NULL);
  arena_begin(&staff->texts, 0);
  if (!staff->delays || !reload(db, staff, error)) {
    if (!staff->delays) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "staff");
    staff_close(staff);
    return false;
  }
  if (staff->accounts.count) desk_saw_id(desk, staff->accounts.at[staff->accounts.count - 1]->member.id);
  if (staff->sessions.count) desk_saw_id(desk, staff->sessions.at[staff->sessions.count - 1]->id);
  desk_on_reload(desk, reload, staff);
  desk_on_tick(desk, session_tick, staff);
  *out = staff;
  return true;
}

void staff_close(Staff *staff) {
  if (!staff) return;
  session_clear(staff);
  vector_free(&staff->sessions);
  map_free(&staff->by_hash);
  vector_free(&staff->accounts);
  arena_end(&staff->texts);
  delays_free(staff->delays);
  pthread_rwlock_destroy(&staff->lock);
  memory_free(staff);
}

bool staff_member(Staff *staff, int64_t id, StaffMember *out) {
  pthread_rwlock_rdlock(&staff->lock);
  const Account *account = account_find(staff, id);
  if (account) *out = account_member(account);
  pthread_rwlock_unlock(&staff->lock);
  return account != NULL;
}

int64_t staff_of_role(Staff *staff, int64_t org_id, uint32_t role) {
  int64_t found = 0;
  pthread_rwlock_rdlock(&staff->lock);
  for (size_t i = 0; i < staff->accounts.count && !found; i++) {
    const StaffMember *member = &staff->accounts.at[i]->member;
    if (!member->disabled && member->org_id == org_id && (member->roles & role)) found = member->id;
  }
  pthread_rwlock_unlock(&staff->lock);
  return found;
}

int64_t staff_crew_of(Staff *staff, int64_t staff_id) {
  StaffMember member;
  return staff_member(staff, staff_id, &member) ? member.crew_id : 0;
}

bool staff_may_see_org(Staff *staff, const HttpWho *who, int64_t org_id) {
  const StaffOrgs *orgs = &staff->options.orgs;
  return who->org_id == 0 || who->org_id == org_id || !orgs->within || orgs->within(orgs->self, org_id, who->org_id);
}

bool staff_sees_all(void *self, const HttpWho *who) {
  const Staff *staff = self;
  const StaffOrgs *orgs = &staff->options.orgs;
  return who->org_id == 0 || !orgs->whole || orgs->whole(orgs->self, who->org_id);
}

bool staff_check_org(Staff *staff, const HttpWho *who, int64_t org_id, Error *error) {
  const StaffOrgs *orgs = &staff->options.orgs;
  if (staff_may_see_org(staff, who, org_id)) return true;
  Text name = org_id && orgs->name ? orgs->name(orgs->self, org_id) : TEXT_NONE;
  return error_raise(error, ERROR_FORBIDDEN_PLACE, "%.*s", TEXT_ARG(name.at ? name : TEXT("?")));
}

/* --- passwords --- */

/* Without letters and digits that look alike: 16 of 31, 79 bits. */
void password_random(char out[STAFF_PASSWORD_TEXT]) {
  static const char LETTERS[] = "abcdefghjkmnpqrstuvwxyz23456789";
  size_t at = 0;
  for (int i = 0; i < 16; i++) {
    if (i && i % 4 == 0) out[at++] = '-';
    out[at++] = LETTERS[randombytes_uniform(sizeof LETTERS - 1)];
  }
  out[at] = '\0';
}

bool password_hash(char out[crypto_pwhash_STRBYTES], Text password, Error *error) {
  if (crypto_pwhash_str(out, password.at, password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0) return true;
  return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "password");
}

bool password_fits(const char *hash, Text password) {
  static const char NOBODYS[crypto_pwhash_STRBYTES] = /* of a text nobody knows */
      "$argon2id$v=19$m=65536,t=2,p=1$8jQ2viZgj7Ki2bCTuUJ6Pw$TOL2/eGkHVzzAj3YzXwGLFJmOnw6yIWuGpW1JyPkr38";
  bool fits = crypto_pwhash_str_verify(hash ? hash : NOBODYS, password.at, password.len) == 0;
  return fits && hash;
}

/* --- use cases --- */

static bool tell(DeskContext *context, const char *kind, const StaffMember *member, bool password, Error *error) {
  char data[200];
  int len = snprintf(data, sizeof data, "{\"roles\":%u,\"org\":\"%lld\",\"crew\":\"%lld\",\"disabled\":%s,\"password\":%s,\"version\":%lld}", member->roles,
                     (long long)member->org_id, (long long)member->crew_id, member->disabled ? "true" : "false", password ? "true" : "false",
                     (long long)member->version);
  return desk_event(context, kind, "staff", member->id, (Text){data, (size_t)len}, error);
}

static bool check_place(Staff *staff, const HttpWho *by, int64_t org_id, Error *error) {
  const StaffOrgs *orgs = &staff->options.orgs;
  if (org_id && orgs->name && !orgs->name(orgs->self, org_id).at) {
    error_raise(error, ERROR_NOT_FOUND, "org\t%lld", (long long)org_id);
    return error_at(error, "$.org_id");
  }
  return by ? staff_check_org(staff, by, org_id, error) : true;
}

/* Nobody is put into a crew of another part: its work would be theirs. */
static bool check_crew(Staff *staff, const HttpWho *by, int64_t crew_id, Error *error) {
  const StaffOrgs *orgs = &staff->options.orgs;
  int64_t org_id = by && crew_id && orgs->of_crew ? orgs->of_crew(orgs->self, crew_id) : 0;
  if (org_id < 0) error_raise(error, ERROR_NOT_FOUND, "crew\t%lld", (long long)crew_id);
  else if (!org_id || staff_check_org(staff, by, org_id, error)) return true;
  return error_at(error, "%s", "$.crew_id");
}

static bool put(Staff *staff, const StaffMember *member, const char *password, Error *error) {
  pthread_rwlock_wrlock(&staff->lock);
  bool ok = account_put(staff, member, password, error);
  pthread_rwlock_unlock(&staff->lock);
  return ok;
}

/* --- the three that keep an eye on each other --- */

static bool is_one(uint32_t roles) { return (roles & (roles - 1)) == 0; }

/* `by` NULL: the program itself. Rights of the three are granted by who grants rights, to somebody else. */
static bool check_roles(const HttpWho *by, int64_t id, uint32_t before, uint32_t after, Error *error) {
  uint32_t gained = (after & ~before) & STAFF_APART;
  if (by && (before ^ after) & STAFF_APART && !(by->roles & STAFF_SECURITY)) return error_raise(error, ERROR_STAFF_ROLES_SECURITY, "%s", "");
  if (by && gained && by->staff_id == id) return error_raise(error, ERROR_STAFF_ROLES_OWN, "%s", "");
  if (by && gained && !is_one(after & STAFF_APART)) return error_raise(error, ERROR_STAFF_ROLES_APART, "%s", "");
  return true;
}

/* Whoever holds several of the three, being the first in the house, gives up those that somebody else has been given now. */
static bool give_up(Staff *staff, DeskContext *context, int64_t id, uint32_t gained, Error *error) {
  for (size_t i = 0; gained && i < staff->accounts.count; i++) {
    StaffMember member = account_member(staff->accounts.at[i]);
    if (member.id == id || !(member.roles & gained) || is_one(member.roles & STAFF_APART)) continue;
    member.roles &= ~gained;
    member.version++;
    char password[crypto_pwhash_STRBYTES];
    memcpy(password, staff->accounts.at[i]->password, sizeof password);
    if (!store_put_staff(context->db, context->county_id, &member, password, false, error) || !tell(context, "people.staff_changed", &member, false, error) ||
        !put(staff, &member, password, error))
      return false;
  }
  return true;
}

bool staff_work_add(DeskContext *context, void *command, Error *error) {
  StaffAdd *add = command;
  Staff *staff = add->staff;
  const StaffNew *account = &add->account;
  if (!check_place(staff, add->by, account->org_id, error) || !check_crew(staff, add->by, account->crew_id, error) || !check_roles(add->by, 0, 0, account->roles, error)) return false;
  if (staff->accounts.count >= LIMIT_STAFF) return error_raise(error, ERROR_LIMIT, "staff\t%d", LIMIT_STAFF);
  if (account_find_name(staff, account->name)) {
    error_raise(error, ERROR_ALREADY_EXISTS, "staff\t%.*s", TEXT_ARG(account->name));
    return error_at(error, "$.name");
  }
  add->out = (StaffMember){.id = desk_new_id(context), .org_id = account->org_id, .crew_id = account->crew_id, .version = 1, .roles = account->roles,
                           .last_seen = INSTANT_NONE, .name = account->name, .full_name = account->full_name};
  if (!store_put_staff(context->db, context->county_id, &add->out, add->password, true, error) ||
      !tell(context, "people.staff_added", &add->out, true, error) || !put(staff, &add->out, add->password, error))
    return false;
  bool alone = is_one(account->roles & STAFF_APART); /* not the first administrator */
  return !alone || give_up(staff, context, add->out.id, account->roles & STAFF_APART, error) ? true : desk_spoil(context);
}

/* Without an administrator of the whole company nobody could make another. */
static bool is_needed(const Staff *staff, const Account *account) {
  size_t others = 0;
  for (size_t i = 0; i < staff->accounts.count; i++) {
    const StaffMember *member = &staff->accounts.at[i]->member;
    bool administrator = (member->roles & STAFF_ADMINISTRATOR) && member->org_id == 0 && !member->disabled;
    if (staff->accounts.at[i] == account && !administrator) return false;
    others += staff->accounts.at[i] != account && administrator;
  }
  return others == 0;
}

bool staff_work_change(DeskContext *context, void *command, Error *error) {
  StaffChange *change = command;
  Staff *staff = change->staff;
  const Account *account = account_find(staff, change->id);
  if (!account) return error_raise(error, ERROR_NOT_FOUND, "staff\t%lld", (long long)change->id);
  StaffMember *out = &change->out;
  *out = account_member(account);
  if (change->by && !staff_check_org(staff, change->by, out->org_id, error)) return false;
  if (out->version != change->version) return error_raise(error, ERROR_CONFLICT, "staff\t%lld", (long long)out->version);
  uint32_t before = out->roles;
  if (change->set_roles) out->roles = change->to.roles;
  if (!check_roles(change->by, change->id, before, out->roles, error)) return false;
  /* a password from the one, the second factor from the other: neither alone can put on somebody else's coat */
  if (change->by && change->set_password && !(change->by->roles & STAFF_ADMINISTRATOR)) return error_raise(error, ERROR_FORBIDDEN, "security\tadministrator");
  if (change->by && change->reset_factor && !(change->by->roles & STAFF_SECURITY)) return error_raise(error, ERROR_FORBIDDEN, "administrator\tsecurity");
  if (change->set_org) out->org_id = change->to.org_id;
  if (change->set_crew) out->crew_id = change->to.crew_id;
  if (change->set_full_name) out->full_name = change->to.full_name;
  if (change->set_disabled) out->disabled = change->disabled;
  out->version++;
  bool steps_down = out->disabled || out->org_id || !(out->roles & STAFF_ADMINISTRATOR);
  if (change->set_org && !check_place(staff, change->by, out->org_id, error)) return false;
  if (change->set_crew && !check_crew(staff, change->by, out->crew_id, error)) return false;
  if (steps_down && is_needed(staff, account)) return error_raise(error, ERROR_STAFF_LAST_ADMINISTRATOR, "%s", "");
  char password[crypto_pwhash_STRBYTES];
  memcpy(password, change->set_password ? change->password : account->password, sizeof password);
  if (!store_put_staff(context->db, context->county_id, out, password, false, error) ||
      !tell(context, "people.staff_changed", out, change->set_password, error))
    return false;
  bool ends = change->set_password || change->reset_factor || out->disabled;
  /* from here on memory changes: a failure makes all rooms reload */
  bool ok = (!ends || session_end_all_of(staff, context, out->id, NULL, error)) && put(staff, out, password, error) &&
            (!change->reset_factor || factor_drop(staff, context, out->id, error)) && give_up(staff, context, out->id, out->roles & ~before & STAFF_APART, error);
  out->two_factor = account->factor.confirmed;
  return ok ? true : desk_spoil(context);
}

bool staff_work_password(DeskContext *context, void *command, Error *error) {
  StaffPassword *change = command;
  Staff *staff = change->staff;
  const Account *account = account_find(staff, change->id);
  if (!account || account->member.disabled || strcmp(account->password, change->checked) != 0) return error_raise(error, ERROR_SIGN_IN_WRONG, "%s", "");
  StaffMember member = account_member(account);
  member.version++;
  if (!store_put_staff(context->db, context->county_id, &member, change->password, false, error) ||
      !desk_event(context, "people.password_changed", "staff", member.id, TEXT("{}"), error))
    return false;
  bool ok = session_end_all_of(staff, context, member.id, change->keep, error) && put(staff, &member, change->password, error);
  return ok ? true : desk_spoil(context);
}

bool staff_add(int64_t *id, char password[STAFF_PASSWORD_TEXT], Staff *staff, const StaffNew *account, Error *error) {
  StaffAdd add = {.staff = staff, .account = *account};
  if (!password[0]) password_random(password);
  if (!password_hash(add.password, text_of(password), error)) return false;
  if (!desk_do(staff->desk, staff_work_add, &add, TEXT("system"), error)) return false;
  *id = add.out.id;
  return true;
}

bool staff_first_administrator(Staff *staff, char password[STAFF_PASSWORD_TEXT], Error *error) {
  int64_t id;
  password[0] = '\0';
  pthread_rwlock_rdlock(&staff->lock);
  bool first = staff->accounts.count == 0;
  pthread_rwlock_unlock(&staff->lock);
  StaffNew admin = {.name = TEXT("admin"), .full_name = TEXT_NONE, .roles = (1u << STAFF_ROLE_COUNT) - 1}; /* alone in the house: every role, until there are others */
  return first ? staff_add(&id, password, staff, &admin, error) : true;
}

bool staff_reset_password(Staff *staff, Text name, char password[STAFF_PASSWORD_TEXT], Error *error) {
  StaffChange change = {.staff = staff, .set_password = true};
  pthread_rwlock_rdlock(&staff->lock);
  const Account *account = account_find_name(staff, name);
  if (account) change.id = account->member.id, change.version = account->member.version;
  pthread_rwlock_unlock(&staff->lock);
  if (!account) return error_raise(error, ERROR_NOT_FOUND, "staff\t%.*s", TEXT_ARG(name));
  password_random(password);
  return password_hash(change.password, text_of(password), error) && desk_do(staff->desk, staff_work_change, &change, TEXT("system"), error);
}
