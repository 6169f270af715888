#include "app/assets.h"

size_t app_assets(const HttpAsset **out) {
  *out = NULL;
  return 0;
}
