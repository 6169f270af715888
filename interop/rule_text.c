#include "interop/rule_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

/* The first word libcyaml has on what is wrong is the exact one; the rest is the way back up. */
typedef struct Complaint {
  char text[ERROR_ARGUMENT_MAX];
} Complaint;

static void hear(cyaml_log_t level, void *self, const char *format, va_list arguments) {
  Complaint *complaint = self;
  if (level < CYAML_LOG_ERROR) return;
  char line[ERROR_ARGUMENT_MAX];
  vsnprintf(line, sizeof line, format, arguments);
  size_t have = strlen(complaint->text), len = strcspn(line, "\n");
  if (have + len + 2 < sizeof complaint->text) snprintf(complaint->text + have, sizeof complaint->text - have, "%s%.*s", have ? "; " : "", (int)len, line);
}

static void *allocate(void *self, void *old, size_t size) {
  (void)self;
  if (size) return memory_grow(old, size);
  memory_free(old);
  return NULL;
}

const char *rule_text_words(char *out, size_t size, const char *complaint) {
  static const struct {
    const char *english, *chinese;
  } SAID[] = {{"Invalid ENUM value: ", "没有这个取值: "},          {"Unknown flag: ", "没有这个取值: "},
              {"Unexpected key: ", "多余的键: "},                  {"Missing required mapping field: ", "缺少: "},
              {"Unexpected event: ", "此处写法不对: "},            {"Invalid INT value: ", "应为整数: "},
              {"Invalid FLOAT value: ", "应为数字: "},             {"did not find expected", "此处的 YAML 写法不完整: did not find expected"}};
  for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++) {
    const char *at = strstr(complaint, SAID[i].english);
    if (!at) continue;
    snprintf(out, size, "%.*s%s%.60s" ERROR_BOTH "%.100s", (int)(at - complaint > 40 ? 0 : at - complaint), complaint, SAID[i].chinese,
             at + strlen(SAID[i].english), complaint);
    return out;
  }
  snprintf(out, size, "%s", complaint);
  return out;
}

bool rule_text_load(cyaml_data_t **out, const char *file, Text yaml, const cyaml_schema_value_t *schema, Error *error) {
  Complaint complaint = {""};
  char words[ERROR_ARGUMENT_MAX];
  cyaml_config_t config = {.log_fn = hear, .log_ctx = &complaint, .log_level = CYAML_LOG_ERROR, .mem_fn = allocate, .flags = CYAML_CFG_DEFAULT};
  *out = NULL;
  cyaml_err_t code = cyaml_load_data((const uint8_t *)yaml.at, yaml.len, &config, schema, out, NULL);
  if (code == CYAML_OK && *out) return true;
  unsigned line, column;
  const char *at = strstr(complaint.text, "(line: ");
  if (code == CYAML_ERR_OOM) error_raise(error, ERROR_OUT_OF_MEMORY, "%s", file);
  else error_raise(error, ERROR_RULE_FORM, "%s", complaint.text[0] ? rule_text_words(words, sizeof words, complaint.text) : code == CYAML_OK ? "empty" : cyaml_strerror(code));
  if (at && sscanf(at, "(line: %u, column: %u)", &line, &column) == 2) return error_at(error, "%s:%u:%u", file, line, column);
  return error_at(error, "%s", file);
}

void rule_text_free(cyaml_data_t *data, const cyaml_schema_value_t *schema) {
  static const cyaml_config_t FREEING = {.mem_fn = allocate, .flags = CYAML_CFG_DEFAULT};
  if (data) cyaml_free(&FREEING, schema, data, 0);
}

bool rule_text_open(const char *folder, const char *name, const char *built_in, bool (*take)(void *self, const char *file, Text yaml, Error *error), void *self,
                    Error *error) {
  char path[4096];
  if (folder) snprintf(path, sizeof path, "%s/%s", folder, name);
  if (!folder || access(path, F_OK) != 0) return take(self, name, text_of(built_in), error);
  Buffer buffer;
  buffer_begin(&buffer, 1u << 20);
  bool ok = buffer_read_file(&buffer, path, error);
  if (ok && !text_is_utf8(buffer_as_text(&buffer))) ok = error_raise(error, ERROR_NOT_UTF8, "%s", path);
  ok = ok && take(self, path, buffer_as_text(&buffer), error);
  buffer_end(&buffer);
  return ok;
}
