#include "grid/tile_index.h"

static WorldBox box_union(WorldBox a, WorldBox b) {
  if (b.west < a.west) a.west = b.west;
  if (b.north < a.north) a.north = b.north;
  if (b.east > a.east) a.east = b.east;
  if (b.south > a.south) a.south = b.south;
  return a;
}

static bool box_touches(const WorldBox *a, const WorldBox *b) {
  return a->west <= b->east && b->west <= a->east && a->north <= b->south && b->north <= a->south;
}

bool box_tree_make(BoxTree *tree, uint32_t things, WorldBox (*box_of)(const void *, uint32_t), const void *self) {
  *tree = (BoxTree){.things = things};
  for (uint32_t below = things; below > 0 && tree->levels < BOX_LEVELS; below = tree->counts[tree->levels++]) {
    uint32_t count = (below + BOX_BRANCH - 1) / BOX_BRANCH;
    WorldBox *boxes = memory_grow(NULL, count * sizeof *boxes);
    if (!boxes) {
      box_tree_free(tree);
      return false;
    }
    tree->boxes[tree->levels] = boxes;
    tree->counts[tree->levels] = count;
    for (uint32_t i = 0; i < below; i++) {
      WorldBox box = tree->levels ? tree->boxes[tree->levels - 1][i] : box_of(self, i);
      boxes[i / BOX_BRANCH] = i % BOX_BRANCH ? box_union(boxes[i / BOX_BRANCH], box) : box;
    }
    if (count == 1) {
      tree->levels++;
      break;
    }
  }
  return true;
}

void box_tree_free(BoxTree *tree) {
  for (int level = 0; level < BOX_LEVELS; level++) memory_free(tree->boxes[level]);
  *tree = (BoxTree){0};
}

static bool find_below(const BoxTree *tree, int level, uint32_t node, const WorldBox *box, BoxHits *out) {
  if (!box_touches(&tree->boxes[level][node], box)) return true;
  uint32_t from = node * BOX_BRANCH, below = level ? tree->counts[level - 1] : tree->things;
  uint32_t to = below - from < BOX_BRANCH ? below : from + BOX_BRANCH;
  if (level == 0) {
    if (!vector_reserve(out, BOX_BRANCH)) return false;
    for (uint32_t thing = from; thing < to; thing++) out->at[out->count++] = thing;
    return true;
  }
  for (uint32_t i = from; i < to; i++) /* as deep as the tree has levels */
    if (!find_below(tree, level - 1, i, box, out)) return false;
  return true;
}

bool box_tree_find(const BoxTree *tree, WorldBox box, BoxHits *out) {
  for (uint32_t i = 0; tree->levels && i < tree->counts[tree->levels - 1]; i++)
    if (!find_below(tree, tree->levels - 1, i, &box, out)) return false;
  return true;
}
