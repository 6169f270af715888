/* The second factor of a sign-in: set up by its person, proved by a first code, asked for from then on; who must have one is a rule of the
 * company's. A code is used up on the desk, one command after another: the same code never opens two sessions. */
#include <stdio.h>

#include "people/staff_private.h"

const char *const TWO_FACTOR_RULE_NAMES[TWO_FACTOR_RULES] = {"free", "administrators", "everyone"};

bool factor_is_missing(const Staff *staff, const Account *account, const Session *session) {
  if (account->factor.confirmed || session->strong || staff->two_factor_rule == TWO_FACTOR_FREE) return false;
  return staff->two_factor_rule == TWO_FACTOR_ALL || (account->member.roles & STAFF_APART);
}

static void put(Staff *staff, int64_t id, const Factor *factor) {
  pthread_rwlock_wrlock(&staff->lock);
  Account *account = account_find(staff, id);
  if (account) {
    account->factor = *factor;
    account->member.two_factor = factor->confirmed;
  }
  pthread_rwlock_unlock(&staff->lock);
}

static bool tell(DeskContext *context, int64_t id, const Factor *factor, Error *error) {
  char data[64];
  int len = snprintf(data, sizeof data, "{\"on\":%s,\"recovery\":%d}", factor->confirmed ? "true" : "false", factor->recovery_count);
  return desk_event(context, "people.two_factor", "staff", id, (Text){data, (size_t)len}, error);
}

bool factor_use(Staff *staff, DeskContext *context, const Account *account, Text code, Error *error) {
  Factor used;
  if (!account->factor.confirmed) return true;
  if (!factor_check(&used, &account->factor, code, time_now(staff->options.wall))) return error_raise(error, ERROR_SIGN_IN_CODE_WRONG, "%s", "");
  if (!store_put_factor(context->db, context->county_id, account->member.id, &used, false, error)) return false;
  if (used.recovery_count != account->factor.recovery_count && !tell(context, account->member.id, &used, error)) return false;
  put(staff, account->member.id, &used);
  return true;
}

bool factor_drop(Staff *staff, DeskContext *context, int64_t staff_id, Error *error) {
  Factor none = {.set = false};
  if (!store_remove_factor(context->db, context->county_id, staff_id, error) || !tell(context, staff_id, &none, error)) return false;
  put(staff, staff_id, &none);
  return true;
}

static bool begin(StaffFactor *command, DeskContext *context, const Account *account, Error *error) {
  if (account->factor.confirmed) return error_raise(error, ERROR_ALREADY_EXISTS, "two_factor\t%.*s", TEXT_ARG(account->member.name));
  factor_make(&command->out);
  if (!store_put_factor(context->db, context->county_id, command->id, &command->out, !account->factor.set, error)) return false;
  put(command->staff, command->id, &command->out);
  return true;
}

static bool confirm(StaffFactor *command, DeskContext *context, const Account *account, Error *error) {
  if (!account->factor.set || account->factor.confirmed) return error_raise(error, ERROR_NOT_FOUND, "two_factor\t%.*s", TEXT_ARG(account->member.name));
  if (!factor_check(&command->out, &account->factor, command->code, time_now(command->staff->options.wall))) {
    error_raise(error, ERROR_CODE_WRONG, "%s", "");
    return error_at(error, "$.code");
  }
  command->out.confirmed = true;
  factor_make_recovery(&command->out, command->recovery);
  if (!store_put_factor(context->db, context->county_id, command->id, &command->out, false, error) || !tell(context, command->id, &command->out, error)) return false;
  put(command->staff, command->id, &command->out);
  return true;
}

static bool take_away(StaffFactor *command, DeskContext *context, const Account *account, Error *error) {
  Factor used;
  if (!account->factor.confirmed) return error_raise(error, ERROR_NOT_FOUND, "two_factor\t%.*s", TEXT_ARG(account->member.name));
  if (factor_check(&used, &account->factor, command->code, time_now(command->staff->options.wall))) return factor_drop(command->staff, context, command->id, error);
  error_raise(error, ERROR_CODE_WRONG, "%s", "");
  return error_at(error, "$.code");
}

bool staff_work_factor(DeskContext *context, void *of_command, Error *error) {
  StaffFactor *command = of_command;
  const Account *account = account_find(command->staff, command->id);
  if (!account || account->member.disabled) return error_raise(error, ERROR_SIGN_IN_NEEDED, "%s", "");
  if (command->act != FACTOR_CONFIRM && strcmp(account->password, command->checked) != 0) return error_raise(error, ERROR_SIGN_IN_NEEDED, "%s", "");
  switch (command->act) {
    case FACTOR_BEGIN: return begin(command, context, account, error);
    case FACTOR_CONFIRM: return confirm(command, context, account, error);
    case FACTOR_REMOVE: break;
  }
  return take_away(command, context, account, error);
}

bool staff_work_rule(DeskContext *context, void *command, Error *error) {
  const StaffRule *to = command;
  char data[64];
  const char *name = TWO_FACTOR_RULE_NAMES[to->rule];
  int len = snprintf(data, sizeof data, "{\"rule\":\"%s\"}", name);
  if (!store_put_setting(context->db, context->county_id, "two_factor", text_of(name), error) ||
      !desk_event(context, "people.two_factor_rule", "company", context->county_id, (Text){data, (size_t)len}, error))
    return false;
  pthread_rwlock_wrlock(&to->staff->lock);
  to->staff->two_factor_rule = (int)to->rule;
  pthread_rwlock_unlock(&to->staff->lock);
  return true;
}
