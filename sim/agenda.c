#include "sim/agenda.h"

static bool before(const AgendaItem *a, const AgendaItem *b) { return a->at != b->at ? a->at < b->at : a->order < b->order; }

bool agenda_put(Agenda *agenda, Instant at, int what, int64_t subject) {
  AgendaItem item = {at, agenda->next_order++, what, subject};
  if (!vector_push(&agenda->heap, item)) return false;
  AgendaItem *heap = agenda->heap.at;
  size_t i = agenda->heap.count - 1;
  for (; i > 0 && before(&item, &heap[(i - 1) / 2]); i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
  heap[i] = item;
  return true;
}

bool agenda_take(Agenda *agenda, AgendaItem *out) {
  if (agenda->heap.count == 0) return false;
  AgendaItem *heap = agenda->heap.at;
  *out = heap[0];
  size_t count = --agenda->heap.count, i = 0;
  AgendaItem last = heap[count];
  for (size_t child; (child = 2 * i + 1) < count; i = child) {
    if (child + 1 < count && before(&heap[child + 1], &heap[child])) child++;
    if (!before(&heap[child], &last)) break;
    heap[i] = heap[child];
  }
  if (count) heap[i] = last;
  return true;
}

Instant agenda_next(const Agenda *agenda) { return agenda->heap.count ? agenda->heap.at[0].at : INSTANT_NONE; }
void agenda_free(Agenda *agenda) { vector_free(&agenda->heap); }
