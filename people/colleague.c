/* Colleagues, for whoever names one: an assignee, who takes over, who approves. Name, roles and place, no more: accounts are the administrator's. */
#include <stdio.h>

#include "base/limits.h"
#include "people/staff_private.h"

enum { AT_WORK = STAFF_AGENT | STAFF_DISPATCHER | STAFF_CREW | STAFF_MANAGER | STAFF_HEAD }; /* who can be given something to do */

static Text name_of(const StaffMember *member) { return member->full_name.len ? member->full_name : member->name; }

static Text org_of(const Staff *staff, const StaffMember *member) {
  Text name = staff->options.orgs.name ? staff->options.orgs.name(staff->options.orgs.self, member->org_id) : TEXT_NONE;
  return name.at ? name : TEXT("");
}

/* Those of one's own part and below it, and the line above it: what one cannot do is handed up. */
static bool near(const Staff *staff, int64_t org_id, const StaffMember *member) {
  const StaffOrgs *orgs = &staff->options.orgs;
  return !org_id || !member->org_id || member->org_id == org_id || !orgs->within || orgs->within(orgs->self, member->org_id, org_id) || orgs->within(orgs->self, org_id, member->org_id);
}

bool colleague_works(Staff *staff, int64_t id, int64_t org_id) {
  StaffMember member;
  return staff_member(staff, id, &member) && !member.disabled && (member.roles & AT_WORK) && near(staff, org_id, &member);
}

static void write_colleague(Json *json, const Staff *staff, const StaffMember *member) {
  char org[24];
  snprintf(org, sizeof org, "%lld", (long long)member->org_id);
  json_open_object(json);
  json_put_id(json, "id", member->id);
  json_put_text(json, "name", name_of(member));
  staff_write_roles(json, member->roles & AT_WORK);
  json_key(json, "org");
  json_open_object(json);
  json_put_string(json, "id", org);
  json_put_text(json, "name", org_of(staff, member));
  json_close(json);
  json_close(json);
}

static bool read_role(HttpRequest *request, uint32_t *out, Error *error) {
  Text role = http_query(request, "role");
  *out = AT_WORK;
  if (!role.at) return true;
  for (int bit = 0; bit < STAFF_ROLE_COUNT; bit++)
    if (AT_WORK >> bit & 1 && text_is(role, STAFF_ROLE_NAMES[bit])) return *out = 1u << bit, true;
  error_raise(error, ERROR_FIELD_INVALID, "role\t%.*s\tagent, dispatcher, crew, manager, head", (int)(role.len < 40 ? role.len : 40), role.at);
  return error_at(error, "%s", "?role");
}

bool colleague_list(HttpRequest *request, HttpReply *reply, void *room, Error *error) {
  Staff *staff = room;
  int64_t limit, after, last = 0, count = 0;
  uint32_t role;
  bool more = false;
  char next[24];
  Text typed = http_body_text(request->body, "q");
  typed = typed.at ? text_trim(typed) : TEXT("");
  if (!http_query_i64(request, "limit", LIMIT_PAGE_ROWS, 1, LIMIT_PAGE_ROWS, &limit, error) ||
      !http_query_i64(request, "after", 0, 0, INT64_MAX, &after, error) || !read_role(request, &role, error))
    return false;
  Json json;
  json_begin(&json, &reply->body);
  json_open_object(&json);
  json_key(&json, "items");
  json_open_array(&json);
  pthread_rwlock_rdlock(&staff->lock);
  for (size_t i = 0; i < staff->accounts.count && !more; i++) {
    StaffMember member = account_member(staff->accounts.at[i]);
    if (member.id <= after || member.disabled || !(member.roles & role) || !near(staff, request->who.org_id, &member)) continue;
    if (!text_holds(name_of(&member), typed) && !text_holds(org_of(staff, &member), typed)) continue;
    more = count++ == limit;
    if (more) break;
    write_colleague(&json, staff, &member);
    last = member.id;
  }
  pthread_rwlock_unlock(&staff->lock);
  json_close(&json);
  snprintf(next, sizeof next, "%lld", (long long)last);
  json_put_string(&json, "next", more ? next : NULL);
  json_close(&json);
  return true;
}
