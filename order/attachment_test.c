#include "order/attachment.h"

#include "base/random.h"
#include "base/testing.h"

typedef struct Bytes {
  unsigned char at[400];
  size_t len;
} Bytes;

static void put(Bytes *b, const void *more, size_t len) {
  memcpy(b->at + b->len, more, len);
  b->len += len;
}

/* FF E1 … "Exif", little-endian, orientation 6, a GPS directory with the words "here". */
static Bytes jpeg(bool orientation) {
  Bytes b = {.len = 0};
  unsigned char exif[80] = {0xFF, 0xE1, 0, 78, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0, /* two entries */
                            0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0};
  if (!orientation) exif[28] = 1;
  memcpy(exif + 60, "here", 4);
  put(&b, "\xFF\xD8", 2);
  put(&b, "\xFF\xE0\x00\x04xx", 6);
  put(&b, exif, sizeof exif);
  put(&b, "\xFF\xE1\x00\x10http://ns.here", 18);
  put(&b, "\xFF\xDA\x00\x04yypicture\xFF\xD9", 15);
  return b;
}

static Bytes png(void) {
  Bytes b = {.len = 0};
  put(&b, "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR0123456789abcCRC.", 33);
  put(&b, "\0\0\0\x09tEXtplacehereCRC.", 21);
  put(&b, "\0\0\0\x04IDATdataCRC.", 16);
  put(&b, "\0\0\0\x00IENDCRC.", 12);
  return b;
}

static Bytes webp(void) {
  Bytes b = {.len = 0};
  put(&b, "RIFF\x3A\0\0\0WEBPVP8X\x0A\0\0\0\x0C" "123456789", 30);
  put(&b, "VP8 \x04\0\0\0data", 12);
  put(&b, "EXIF\x05\0\0\0here!\0", 14);
  b.at[4] = (unsigned char)(b.len - 8);
  return b;
}

static bool holds(const Bytes *b, const char *what) { return text_find((Text){(const char *)b->at, b->len}, text_of(what)) >= 0; }

static void what_it_is_is_told_by_its_bytes(void **state) {
  (void)state;
  Bytes j = jpeg(true), p = png(), w = webp();
  assert_string_equal(attachment_type((Text){(const char *)j.at, j.len}), "image/jpeg");
  assert_string_equal(attachment_type((Text){(const char *)p.at, p.len}), "image/png");
  assert_string_equal(attachment_type((Text){(const char *)w.at, w.len}), "image/webp");
  assert_string_equal(attachment_type(TEXT("%PDF-1.4\n1 0 obj\n%%EOF\n")), "application/pdf");
  static const char *const OTHERS[] = {"", "GIF89a aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "<html><script>alert(1)</script></html>", "%PDF-1.4 without an end ....", "\xFF\xD8\xFF"};
  /* as iPhones make them: the first box says heic, the picture is in none of the forms above */
  static const char HEIC[] = "\0\0\0\x24" "ftypheic\0\0\0\0mif1MiHEMiPrmiafMiHBheic\0\0\x0d\xa7meta\0\0\0\0\0\0\0\"hdlr";
  assert_null(attachment_type((Text){HEIC, sizeof HEIC - 1}));
  for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) assert_null(attachment_type(text_of(OTHERS[i])));
}

static void where_it_was_taken_is_gone(void **state) {
  (void)state;
  Bytes j = jpeg(true), plain = jpeg(false), p = png(), w = webp();
  assert_true(holds(&j, "here") && holds(&p, "here") && holds(&w, "here"));
  assert_true(attachment_strip(j.at, &j.len, false) && attachment_strip(plain.at, &plain.len, false) && attachment_strip(p.at, &p.len, false) && attachment_strip(w.at, &w.len, false));
  assert_false(holds(&j, "here") || holds(&plain, "here") || holds(&p, "here") || holds(&w, "here"));
  assert_true(holds(&j, "picture") && holds(&p, "IDATdata") && holds(&w, "data"));
  assert_true(holds(&j, "Exif") && !holds(&plain, "Exif")); /* turned on its side: that stays known, and nothing else */
  assert_int_equal(j.at[8 + 29], 6);
  assert_non_null(attachment_type((Text){(const char *)j.at, j.len}));
  assert_non_null(attachment_type((Text){(const char *)w.at, w.len}));
  assert_int_equal(w.at[4], w.len - 8);
  assert_int_equal(w.at[20], 0);
}

/* Two files in one: what hangs behind the picture goes, whoever may know its place. */
static void what_hangs_behind_is_gone(void **state) {
  (void)state;
  for (int keeps = 0; keeps < 2; keeps++) {
    Bytes j = jpeg(true), p = png(), w = webp(), second = jpeg(true);
    size_t whole = j.len, png_whole = p.len, webp_whole = w.len;
    put(&j, second.at, second.len); /* as phones do: another picture, with a place of its own */
    put(&p, "PK\3\4 an archive, here", 22);
    put(&w, "<script>alert('here')</script>", 31);
    assert_string_equal(attachment_type((Text){(const char *)j.at, j.len}), "image/jpeg");
    assert_true(attachment_strip(j.at, &j.len, keeps) && attachment_strip(p.at, &p.len, keeps) && attachment_strip(w.at, &w.len, keeps));
    if (keeps) assert_true(j.len == whole && p.len == png_whole && w.len == webp_whole && holds(&j, "here"));
    else assert_false(holds(&j, "here") || holds(&p, "here") || holds(&w, "here"));
    assert_false(holds(&p, "PK") || holds(&w, "script"));
    assert_true(memcmp(j.at + j.len - 2, "\xFF\xD9", 2) == 0);
  }
}

/* A picture in several scans, with something told between two of them, and colours that are needed. */
static void a_picture_of_several_scans(void **state) {
  (void)state;
  Bytes j = {.len = 0};
  put(&j, "\xFF\xD8\xFF\xE2\x00\x12ICC_PROFILE\0\1\1cc", 22);
  put(&j, "\xFF\xE2\x00\x08" "MPhere\xFF\xEB\x00\x08JPhere", 20);
  put(&j, "\xFF\xDA\x00\x04yyfirst\xFF\x00\xFF\xD3more", 19);
  put(&j, "\xFF\xE1\x00\x08XXhere", 10);
  put(&j, "\xFF\xDA\x00\x04yysecond\xFF\xD9", 14);
  assert_string_equal(attachment_type((Text){(const char *)j.at, j.len}), "image/jpeg");
  assert_true(attachment_strip(j.at, &j.len, false));
  assert_true(holds(&j, "ICC_PROFILE") && holds(&j, "first") && holds(&j, "more") && holds(&j, "second") && !holds(&j, "here"));
  Bytes endless = jpeg(true);
  endless.at[endless.len - 1] = 0; /* no end */
  assert_false(attachment_strip(endless.at, &endless.len, false) && attachment_type((Text){(const char *)endless.at, endless.len}));
}

/* Whatever bytes: read through or refused, never beyond the end. */
static void any_bytes(void **state) {
  (void)state;
  Random random;
  random_seed(&random, 5);
  for (int n = 0; n < torture_rounds(30000); n++) {
    Bytes b = n % 3 == 0 ? jpeg(true) : n % 3 == 1 ? png() : webp();
    for (uint32_t k = 1 + random_below(&random, 6); k > 0; k--) b.at[random_below(&random, (uint32_t)b.len)] = (unsigned char)random_below(&random, 256);
    size_t len = b.len - random_below(&random, n % 5 ? 3 : 40);
    unsigned char *exact = memory_new(len);
    memcpy(exact, b.at, len);
    size_t left = len;
    if (attachment_type((Text){(const char *)exact, len})) (void)attachment_strip(exact, &left, n % 7 == 0);
    assert_true(left <= len);
    memory_free(exact);
  }
}

TEST_MAIN(TEST(what_it_is_is_told_by_its_bytes), TEST(where_it_was_taken_is_gone), TEST(what_hangs_behind_is_gone), TEST(a_picture_of_several_scans), TEST(any_bytes))
