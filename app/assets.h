/* The browser's side, carried in the program. Without it (-Dconsole=false) there is nothing to carry, and only the API answers. */
#ifndef APP_ASSETS_H
#define APP_ASSETS_H

#include "http/http.h"

size_t app_assets(const HttpAsset **out);

#endif
