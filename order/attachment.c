#include "order/attachment.h"

static const unsigned char PNG_MARK[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

static bool is_png(Text t) { return t.len > 57 && memcmp(t.at, PNG_MARK, 8) == 0 && memcmp(t.at + 12, "IHDR", 4) == 0; }
static bool is_jpeg(Text t) { return t.len > 20 && memcmp(t.at, "\xFF\xD8\xFF", 3) == 0 && memcmp(t.at + t.len - 2, "\xFF\xD9", 2) == 0; }
static bool is_webp(Text t) { return t.len > 20 && memcmp(t.at, "RIFF", 4) == 0 && memcmp(t.at + 8, "WEBPVP8", 7) == 0; }
static bool is_pdf(Text t) {
  return t.len > 20 && memcmp(t.at, "%PDF-", 5) == 0 &&
         text_find(text_slice(t, t.len > 1024 ? t.len - 1024 : 0, t.len), TEXT("%%EOF")) >= 0;
}

const char *attachment_type(Text bytes) {
  return is_jpeg(bytes)   ? "image/jpeg"
         : is_png(bytes)  ? "image/png"
         : is_webp(bytes) ? "image/webp"
         : is_pdf(bytes)  ? "application/pdf"
                          : NULL;
}

static unsigned big16(const unsigned char *at) { return (unsigned)(at[0] << 8 | at[1]); }
static size_t big32(const unsigned char *at) { return (size_t)big16(at) << 16 | big16(at + 2); }
static size_t little32(const unsigned char *at) { return (size_t)(at[0] | at[1] << 8 | at[2] << 16) | (size_t)at[3] << 24; }

static void cut(unsigned char *bytes, size_t *len, size_t at, size_t count) {
  memmove(bytes + at, bytes + at + count, *len - at - count);
  *len -= count;
}

/* --- JPEG: segments up to the picture itself --- */

/* The orientation an EXIF block names, 0: none. TIFF: byte order, then the first directory with entries of 12 bytes. */
static unsigned orientation_of(const unsigned char *tiff, size_t len) {
  if (len < 14 || (memcmp(tiff, "II", 2) != 0 && memcmp(tiff, "MM", 2) != 0)) return 0;
  bool little = tiff[0] == 'I';
#define AT16(p) (little ? (unsigned)(tiff[p] | tiff[(p) + 1] << 8) : big16(tiff + (p)))
  size_t at = little ? little32(tiff + 4) : big32(tiff + 4);
  if (at > len - 2) return 0;
  size_t count = AT16(at);
  for (size_t i = 0; i < count && at + 2 + (i + 1) * 12 <= len; i++)
    if (AT16(at + 2 + i * 12) == 0x0112) return AT16(at + 2 + i * 12 + 8) <= 8 ? AT16(at + 2 + i * 12 + 8) : 0;
#undef AT16
  return 0;
}

/* FF E1, length 34, "Exif\0\0", a TIFF whose only entry is the orientation. */
enum { SHORT_EXIF = 36 };
static void write_orientation(unsigned char *out, unsigned orientation) {
  static const unsigned char BLOCK[SHORT_EXIF] = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                                                  0,    1,    1, 18, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0};
  memcpy(out, BLOCK, SHORT_EXIF);
  out[29] = (unsigned char)orientation;
}

/* Behind a piece of the picture itself: the next marker that is no part of it. */
static size_t after_scan(const unsigned char *bytes, size_t len, size_t at) {
  for (; at + 2 <= len; at++)
    if (bytes[at] == 0xFF && bytes[at + 1] != 0 && bytes[at + 1] != 0xFF && (bytes[at + 1] < 0xD0 || bytes[at + 1] > 0xD7)) return at;
  return len;
}

/* EXIF and XMP, IPTC, makers' own, provenance, a comment; not JFIF, the colours, nor Adobe's word on how colours are written. */
static bool is_told(unsigned marker, const unsigned char *body, size_t size) {
  bool colours = marker == 0xE2 && size >= 12 && memcmp(body, "ICC_PROFILE", 12) == 0;
  return marker == 0xFE || (marker >= 0xE1 && marker <= 0xEF && marker != 0xEE && !colours);
}

static bool strip_jpeg(unsigned char *bytes, size_t *len, bool keeps_place) {
  for (size_t at = 2; at + 2 <= *len;) {
    if (bytes[at] != 0xFF) return false;
    unsigned marker = bytes[at + 1];
    if (marker == 0xFF) {
      at++;
      continue;
    }
    if (marker == 0xD9) { /* the end; what follows is another file: a picture with a place of its own, an archive, a script */
      *len = at + 2;
      return true;
    }
    if ((marker >= 0xD0 && marker <= 0xD8) || marker == 0x01) {
      at += 2;
      continue;
    }
    if (at + 4 > *len) return false;
    size_t size = 2 + (size_t)big16(bytes + at + 2);
    if (size < 4 || at + size > *len) return false;
    if (marker == 0xDA) {
      at = after_scan(bytes, *len, at + size);
      continue;
    }
    bool told = !keeps_place && is_told(marker, bytes + at + 4, size - 4);
    unsigned orientation =
        told && marker == 0xE1 && size > 10 && memcmp(bytes + at + 4, "Exif", 5) == 0 ? orientation_of(bytes + at + 10, size - 10) : 0;
    if (orientation > 1 && size >= SHORT_EXIF) {
      write_orientation(bytes + at, orientation);
      cut(bytes, len, at + SHORT_EXIF, size - SHORT_EXIF);
      at += SHORT_EXIF;
    } else if (told) {
      cut(bytes, len, at, size);
    } else {
      at += size;
    }
  }
  return false;
}

/* --- PNG and WebP: chunks --- */

static bool strip_png(unsigned char *bytes, size_t *len, bool keeps_place) {
  static const char *const TOLD[] = {"eXIf", "tEXt", "zTXt", "iTXt"};
  for (size_t at = 8; at + 12 <= *len;) {
    size_t size = big32(bytes + at);
    if (size > *len - at - 12) return false;
    bool told = false, last = memcmp(bytes + at + 4, "IEND", 4) == 0;
    for (size_t i = 0; i < 4 && !keeps_place; i++) told |= memcmp(bytes + at + 4, TOLD[i], 4) == 0;
    if (told)
      cut(bytes, len, at, size + 12);
    else
      at += size + 12;
    if (last) {
      *len = at; /* what follows is another file */
      return true;
    }
  }
  return false;
}

static bool strip_webp(unsigned char *bytes, size_t *len, bool keeps_place) {
  size_t whole = little32(bytes + 4) + 8;
  if (whole > *len || whole < 20) return false;
  *len = whole; /* what follows is another file */
  if (keeps_place) return true;
  for (size_t at = 12; at + 8 <= *len;) {
    size_t size = little32(bytes + at + 4);
    size += size & 1;
    if (size > *len - at - 8) return false;
    if (memcmp(bytes + at, "VP8X", 4) == 0 && size >= 10) bytes[at + 8] = (unsigned char)(bytes[at + 8] & ~0x0C); /* no EXIF, no XMP */
    if (memcmp(bytes + at, "EXIF", 4) == 0 || memcmp(bytes + at, "XMP ", 4) == 0)
      cut(bytes, len, at, size + 8);
    else
      at += size + 8;
  }
  size_t riff = *len - 8;
  for (int i = 0; i < 4; i++) bytes[4 + i] = (unsigned char)(riff >> (8 * i));
  return true;
}

bool attachment_strip(unsigned char *bytes, size_t *len, bool keeps_place) {
  Text text = {(const char *)bytes, *len};
  if (is_jpeg(text)) return strip_jpeg(bytes, len, keeps_place);
  if (is_png(text)) return strip_png(bytes, len, keeps_place);
  if (is_webp(text)) return strip_webp(bytes, len, keeps_place);
  return is_pdf(text);
}
