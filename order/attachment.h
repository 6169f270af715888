/* Pictures and documents: what they are, told by their bytes and not by what a client says, and without the place they were taken at. Pure. */
#ifndef ORDER_ATTACHMENT_H
#define ORDER_ATTACHMENT_H

#include "base/error.h"
#include "base/text.h"

/* "image/jpeg", "image/png", "image/webp" or "application/pdf"; NULL: none of these, or not whole. */
const char *attachment_type(Text bytes);
/* Takes out in place everything a camera or a program may have written about where and with what: EXIF (of which the orientation is kept),
 * XMP, IPTC, makers' own and text, unless `keeps_place`; and in any case what was hung on behind the picture's end: another picture, an archive, a
 * page. *len shrinks. False: it cannot be read through, and should be refused. A PDF is left as it is. */
bool attachment_strip(unsigned char *bytes, size_t *len, bool keeps_place);

#endif
