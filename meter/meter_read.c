/* Reading back: blocks of closed days and batches of open ones, put together so that nobody need know which is where. */
#include "meter/meter_internal.h"

typedef struct Column {
  int channel, width;
  int32_t base;
  const uint8_t *at;
} Column;

typedef struct Sheaf { /* a batch ready to be read cell by cell */
  const BatchRow *row;
  const RosterRow *roster;
  Column column[METER_CHANNELS];
  int columns;
} Sheaf;

typedef struct Gathering {
  const Meters *meters;
  Db *db;
  const MeterArea *area;
  int64_t area_id;
  int day;
  Arena *arena;
  RosterRow *rosters;
  Instant closed_at;
  VECTOR(Sheaf) sheaves;
} Gathering;

static bool unsound(Error *error) { return error_raise(error, ERROR_METER_BLOCK, "%s", "a batch"); }

static bool open_columns(Sheaf *sheaf, Error *error) {
  const uint8_t *at = (const uint8_t *)sheaf->row->payload.at, *end = at + sheaf->row->payload.len;
  size_t cells = (size_t)sheaf->roster->count * (size_t)sheaf->row->moments;
  while (at < end) {
    if (end - at < 6 || at[0] >= METER_CHANNELS || sheaf->columns == METER_CHANNELS) return unsound(error);
    Column *column = &sheaf->column[sheaf->columns++];
    *column = (Column){.channel = at[0], .width = at[1], .at = at + 6};
    memcpy(&column->base, at + 2, 4);
    if ((column->width != 1 && column->width != 2 && column->width != 4) || (size_t)(end - column->at) < cells * (size_t)column->width)
      return unsound(error);
    at = column->at + cells * (size_t)column->width;
  }
  return true;
}

static inline int32_t cell_of(const Column *column, size_t cell) {
  uint32_t v = 0;
  memcpy(&v, column->at + cell * (size_t)column->width, (size_t)column->width);
  bool none = v == (column->width == 4 ? UINT32_MAX : (1u << (8 * column->width)) - 1);
  return none ? METER_NONE : (int32_t)((uint32_t)column->base + v);
}

static bool find_roster(const RosterRow **out, Gathering *g, int64_t id, Error *error) {
  for (RosterRow *r = g->rosters; r; r = r->next)
    if (r->id == id) return *out = r, true;
  RosterRow *fresh;
  if (!roster_row(&fresh, g->db, g->meters->county_id, id, g->arena, error)) return false;
  fresh->next = g->rosters;
  *out = g->rosters = fresh;
  return true;
}

static bool load_batches(Gathering *g, Error *error) {
  BatchRow *rows;
  if (!batch_rows(&rows, g->db, g->meters->county_id, g->day, g->area_id, g->arena, error)) return false;
  for (BatchRow *row = rows; row; row = row->next) {
    Sheaf sheaf = {.row = row};
    if (!meter_step_is_sound(row->step_min) || row->moments < 1 || row->moments > METER_SLOTS_MAX) return unsound(error);
    if (!find_roster(&sheaf.roster, g, row->roster_id, error) || !open_columns(&sheaf, error)) return false;
    if (!vector_push(&g->sheaves, sheaf)) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  }
  return true;
}

static int gcd(int a, int b) { return b ? gcd(b, a % b) : a; }

/* Values of a later message go over those of an earlier one. */
static void put_value(MeterDay *day, int channel, int slot, int32_t value, bool late) {
  int32_t *at = &day->value[channel][slot];
  uint8_t *mark = &day->marks[slot];
  if (*at == value) return;
  if (*mark & METER_ESTIMATED)
    *mark &= (uint8_t)~METER_ESTIMATED;
  else if (*at != METER_NONE)
    *mark |= METER_REPLACED;
  if (late) *mark |= METER_LATE;
  *at = value;
}

/* What the batches say of the meter with this key, over what is in `day` already. */
static void put_batches(const Gathering *g, MeterDay *day, int64_t key) {
  for (size_t s = 0; s < g->sheaves.count; s++) {
    const Sheaf *sheaf = &g->sheaves.at[s];
    uint32_t m = 0;
    bool late = g->closed_at != INSTANT_NONE && sheaf->row->arrived > g->closed_at;
    while (m < sheaf->roster->count && sheaf->roster->key[m] != key) m++;
    if (m == sheaf->roster->count) continue;
    int minute = (int)((sheaf->row->first + ZONE_SHANGHAI) / SPAN_MINUTE % METER_DAY_MINUTES);
    for (int i = 0; i < sheaf->row->moments; i++) {
      int slot = (minute + i * sheaf->row->step_min) / day->step_min;
      if (slot >= day->slots) break;
      for (int c = 0; c < sheaf->columns; c++) {
        int32_t value = cell_of(&sheaf->column[c], (size_t)m * (size_t)sheaf->row->moments + (size_t)i);
        if (value != METER_NONE) put_value(day, sheaf->column[c].channel, slot, value, late);
      }
    }
  }
}

static void put_block(MeterDay *day, const MeterDay *block) {
  int ratio = block->step_min / day->step_min;
  for (int i = 0; i < block->slots; i++) {
    day->marks[i * ratio] = block->marks[i];
    for (int c = 0; c < METER_CHANNELS; c++)
      if (block->value[c]) day->value[c][i * ratio] = block->value[c][i];
  }
}

/* Channels without any value go. */
static void trim(MeterDay *day) {
  for (int c = 0; c < METER_CHANNELS; c++) {
    bool any = false;
    for (int i = 0; day->value[c] && i < day->slots && !any; i++) any = day->value[c][i] != METER_NONE;
    if (any) continue;
    day->value[c] = NULL;
    day->channels &= ~(1u << c);
  }
}

static bool gather_one(MeterDay *out, const Gathering *g, int64_t key, int step, unsigned batch_channels, Text block, Error *error) {
  MeterDay kept = {0};
  if (block.len) {
    if (!meter_block_decode(&kept, block, g->arena, error)) return false;
    step = gcd(step, kept.step_min);
  }
  if (block.len && !g->sheaves.count) { /* the usual way of closed days: the block is all */
    *out = kept;
    return true;
  }
  if (!meter_day_take(out, g->arena, step, batch_channels | kept.channels, error)) return false;
  if (block.len) put_block(out, &kept);
  put_batches(g, out, key);
  /* three times the transformer's rating is more than any meter below it can carry */
  double kva = (double)g->area->rated_kva;
  JudgeLimits limits = {kva > 0 ? 100 + 3 * kva * 1000 / 660 : 4000};
  judge_absurd(out, &limits);
  trim(out);
  return true;
}

static bool is_foreign(const Meters *meters, size_t area, int64_t key) {
  uint32_t position;
  if (key < 0) return key != -area_id(meters, area);
  return !people_position_of(meters->people, (CustomerId){key}, &position) || position < meters->areas[area].from ||
         position >= meters->areas[area].to;
}

/* Meters that spoke here and have since moved to another area, or gone: what they said is kept under their own key. */
static bool gather_foreign(MeterAreaDay *out, Gathering *g, size_t area, int step, unsigned channels, Error *error) {
  size_t most = 0;
  for (const RosterRow *r = g->rosters; r; r = r->next) most += r->count;
  if (!most) return true;
  out->foreign_key = ARENA_ARRAY(g->arena, int64_t, most);
  if (!out->foreign_key) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  for (const RosterRow *r = g->rosters; r; r = r->next)
    for (uint32_t m = 0; m < r->count; m++) {
      bool seen = !is_foreign(g->meters, area, r->key[m]);
      for (size_t f = 0; f < out->foreign && !seen; f++) seen = out->foreign_key[f] == r->key[m];
      if (!seen) out->foreign_key[out->foreign++] = r->key[m];
    }
  if (!out->foreign) return true;
  if (!(out->foreign_day = ARENA_ARRAY(g->arena, MeterDay, out->foreign))) return error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  for (size_t f = 0; f < out->foreign; f++) {
    Text block;
    int64_t used;
    if (!day_row(&block, &used, g->db, g->meters->county_id, g->day, out->foreign_key[f], g->arena, error)) return false;
    if (!gather_one(&out->foreign_day[f], g, out->foreign_key[f], step, channels, block, error)) return false;
  }
  return true;
}

bool meter_gather(MeterAreaDay *out, const Meters *meters, Db *db, size_t area, int day, const MeterPlace *only, bool *from_batches,
                  Arena *arena, Error *error) {
  const MeterArea *of = &meters->areas[area];
  Gathering g = {.meters = meters, .db = db, .area = of, .area_id = area_id(meters, area), .day = day, .arena = arena};
  AreaDayRow closed;
  int step = 15;
  unsigned channels = 0;
  *out = (MeterAreaDay){.count = of->to - of->from};
  out->meter = ARENA_ARRAY(arena, MeterDay, out->count + 1);
  bool ok = out->meter || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings");
  ok = ok && area_day_get(&closed, db, meters->county_id, day, g.area_id, error) && load_batches(&g, error);
  g.closed_at = ok ? closed.closed_at : INSTANT_NONE;
  for (size_t s = 0; ok && s < g.sheaves.count; s++) {
    step = s ? gcd(step, g.sheaves.at[s].row->step_min) : g.sheaves.at[s].row->step_min;
    int minute = (int)((g.sheaves.at[s].row->first + ZONE_SHANGHAI) / SPAN_MINUTE % METER_DAY_MINUTES);
    if (minute) step = gcd(step, minute);
    for (int c = 0; c < g.sheaves.at[s].columns; c++) channels |= 1u << g.sheaves.at[s].column[c].channel;
  }
  *from_batches = g.sheaves.count > 0;
  for (uint32_t p = of->from; ok && p <= of->to; p++) {
    MeterPlace place = {(uint32_t)area, p == of->to ? METER_TOTAL : p};
    Text block = TEXT_NONE;
    int64_t used;
    if (only && only->position != place.position) continue;
    int64_t key = meter_key(meters, place);
    ok = day_row(&block, &used, db, meters->county_id, day, key, arena, error);
    if (ok && (block.len || g.sheaves.count))
      ok = gather_one(p == of->to ? &out->total : &out->meter[p - of->from], &g, key, step, channels, block, error);
  }
  ok = ok && (only || gather_foreign(out, &g, area, step, channels, error));
  vector_free(&g.sheaves);
  return ok;
}

bool meter_read_area_day(MeterAreaDay *out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) {
  bool batches;
  return meter_gather(out, meters, db, area, day, NULL, &batches, arena, error);
}

bool meter_read_day(MeterDay *out, bool *found, const Meters *meters, Db *db, MeterPlace place, int day, Arena *arena, Error *error) {
  MeterAreaDay area;
  bool batches;
  if (!meter_gather(&area, meters, db, place.area, day, &place, &batches, arena, error)) return false;
  *out = place.position == METER_TOTAL ? area.total : area.meter[place.position - meters->areas[place.area].from];
  *found = out->channels != 0;
  return *found || meter_day_take(out, arena, 15, 0, error);
}

bool meter_first_registers(int32_t **out, const Meters *meters, Db *db, size_t area, int day, Arena *arena, Error *error) {
  const MeterArea *of = &meters->areas[area];
  size_t count = of->to - of->from + 1;
  Gathering g = {.meters = meters, .db = db, .area = of, .area_id = area_id(meters, area), .day = day, .arena = arena};
  int32_t *first = *out = ARENA_ARRAY(arena, int32_t, count);
  bool ok = (first || error_raise(error, ERROR_OUT_OF_MEMORY, "%s", "readings")) && load_batches(&g, error);
  for (size_t i = 0; ok && i < count; i++) first[i] = METER_NONE;
  for (size_t s = 0; ok && s < g.sheaves.count; s++) {
    const Sheaf *sheaf = &g.sheaves.at[s];
    if (sheaf->row->first != meter_day_start(day)) continue;
    for (int c = 0; c < sheaf->columns; c++) {
      if (sheaf->column[c].channel != METER_ENERGY) continue;
      for (uint32_t m = 0; m < sheaf->roster->count; m++) {
        uint32_t position;
        int64_t key = sheaf->roster->key[m];
        int32_t value = cell_of(&sheaf->column[c], (size_t)m * (size_t)sheaf->row->moments);
        if (value == METER_NONE) continue;
        if (key < 0)
          first[count - 1] = value;
        else if (people_position_of(meters->people, (CustomerId){key}, &position) && position >= of->from && position < of->to)
          first[position - of->from] = value;
      }
    }
  }
  vector_free(&g.sheaves);
  /* of a day that is closed already the blocks say */
  for (size_t i = 0; ok && i < count; i++) {
    Text block;
    int64_t used;
    MeterDay kept;
    MeterPlace place = {(uint32_t)area, i + 1 == count ? METER_TOTAL : of->from + (uint32_t)i};
    if (first[i] != METER_NONE) continue;
    ok = day_row(&block, &used, db, meters->county_id, day, meter_key(meters, place), arena, error);
    if (!ok || !block.len) continue;
    ok = meter_block_decode(&kept, block, arena, error);
    if (ok && kept.value[METER_ENERGY]) first[i] = kept.value[METER_ENERGY][0];
  }
  return ok;
}

bool meter_used(int64_t *out, const Meters *meters, Db *db, MeterPlace place, int day, Arena *arena, Error *error) {
  Text block;
  MeterDay of;
  bool found;
  if (!day_row(&block, out, db, meters->county_id, day, meter_key(meters, place), arena, error)) return false;
  if (*out >= 0) return true;
  if (!meter_read_day(&of, &found, meters, db, place, day, arena, error)) return false;
  if (found) *out = judge_used(&of, METER_NONE);
  return true;
}
