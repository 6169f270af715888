/* Forms as pages: a kind's fields, each with its label, what is wrong with it, and what was said before. */
#include <stdio.h>

#include "hall/page.h"

enum { RADIOS_MOST = 8, NAME_ROOM = 96 };

void trouble_add(Troubles *troubles, Text field, const char *text) {
  for (size_t i = 0; i < troubles->count; i++)
    if (text_equal(troubles->at[i].field, field)) return;
  if (troubles->count == TROUBLES_MAX) return;
  troubles->at[troubles->count].field = field;
  Text cut = text_cut(text_of(text), sizeof troubles->at[0].text - 1);
  snprintf(troubles->at[troubles->count++].text, sizeof troubles->at[0].text, "%.*s", (int)cut.len, cut.at);
}

void trouble_of_error(Troubles *troubles, const HttpRequest *request, Text field, const Error *error) {
  char text[ERROR_TEXT_MAX];
  Error bare = *error;
  bare.where[0] = '\0';
  error_text(&bare, request->language, text, sizeof text);
  if (error->code == ERROR_FIELD_INVALID) { /* its reason alone: it stands beside the field */
    Text reason = text_of(error->argument[2]);
    ptrdiff_t both = text_find(reason, TEXT(ERROR_BOTH));
    if (both >= 0) reason = request->language == LANGUAGE_ZH ? text_slice(reason, 0, (size_t)both) : text_slice(reason, (size_t)both + 1, reason.len);
    if (reason.len) snprintf(text, sizeof text, "%.*s", TEXT_ARG(reason));
  }
  trouble_add(troubles, field, text);
}

static const char *trouble_of(const FormPage *form, Text name) {
  for (size_t i = 0; form->troubles && i < form->troubles->count; i++)
    if (text_equal(form->troubles->at[i].field, name)) return form->troubles->at[i].text;
  return NULL;
}

void form_troubles(const FormPage *form) {
  char text[120];
  if (!form->troubles || !form->troubles->count) return;
  snprintf(text, sizeof text, IN(form->request, "还有 %zu 处需要修改, 已在下面标出。", form->troubles->count == 1 ? "%zu thing must be put right; it is marked below." : "%zu things must be put right; they are marked below."),
           form->troubles->count);
  page_note(form->out, NOTE_BAD, text);
}

void form_hidden(Buffer *out, const char *name, Text value) {
  buffer_format(out, "<input type=\"hidden\" name=\"%s\" value=\"", name);
  page_text(out, value);
  buffer_string(out, "\">");
}

static void write_label(const FormPage *form, Text label, bool required) {
  page_text(form->out, label);
  if (!required) buffer_format(form->out, " <em>%s</em>", IN(form->request, "(选填)", "(optional)"));
}

/* Hint and trouble, and what of the control points at them. */
static void write_words(const FormPage *form, const char *name, Text hint) {
  const char *wrong = trouble_of(form, text_of(name));
  if (hint.len) {
    buffer_format(form->out, "<p class=\"hint\" id=\"%s-hint\">", name);
    page_text(form->out, hint);
    buffer_string(form->out, "</p>");
  }
  if (!wrong) return;
  buffer_format(form->out, "<p class=\"wrong\" id=\"%s-wrong\"><span aria-hidden=\"true\">⚠ </span>", name);
  page_text(form->out, text_of(wrong));
  buffer_string(form->out, "</p>");
}

static void open_field(const FormPage *form, const char *name, Text label, bool required, Text hint) {
  buffer_format(form->out, "<div class=\"field\"><label for=\"%s\">", name);
  write_label(form, label, required);
  buffer_string(form->out, "</label>");
  write_words(form, name, hint);
}

static void write_pointers(const FormPage *form, const char *name, bool hint) {
  bool wrong = trouble_of(form, text_of(name)) != NULL;
  if (wrong) buffer_string(form->out, " aria-invalid=\"true\"");
  if (!hint && !wrong) return;
  buffer_string(form->out, " aria-describedby=\"");
  if (hint) buffer_format(form->out, "%s-hint", name);
  if (wrong) buffer_format(form->out, "%s%s-wrong", hint ? " " : "", name);
  buffer_byte(form->out, '"');
}

static Text said(const FormPage *form, const char *name) { return form->said ? form_data_text(form->said, name) : TEXT_NONE; }

static bool said_this(const FormPage *form, const char *name, Text value) {
  size_t at = 0;
  const FormPart *part;
  while (form->said && (part = form_data_next(form->said, text_of(name), &at)))
    if (!part->file && text_equal(part->value, value)) return true;
  return false;
}

void form_input(const FormPage *form, const FormInput *input) {
  Buffer *out = form->out;
  bool area = strcmp(input->type, "textarea") == 0;
  open_field(form, input->name, input->label, input->required, input->hint);
  if (area) buffer_format(out, "<textarea id=\"%s\" name=\"%s\" rows=\"4\"", input->name, input->name);
  else buffer_format(out, "<input id=\"%s\" name=\"%s\" type=\"%s\"", input->name, input->name, input->type);
  if (input->most) buffer_format(out, " maxlength=\"%d\"", input->most);
  if (input->autocomplete) buffer_format(out, " autocomplete=\"%s\"", input->autocomplete);
  if (input->inputmode) buffer_format(out, " inputmode=\"%s\"", input->inputmode);
  if (input->required) buffer_string(out, " required");
  write_pointers(form, input->name, input->hint.len > 0);
  if (!area) buffer_string(out, " value=\"");
  else buffer_byte(out, '>');
  page_text(out, said(form, input->name));
  buffer_string(out, area ? "</textarea></div>" : "\"></div>");
}

bool form_is_public(const KindField *field) {
  switch ((KindFieldType)field->type) {
    case FIELD_CREW:
    case FIELD_STAFF:
    case FIELD_ORDER:
    case FIELD_OUTAGE:
    case FIELD_CUSTOMER:
    case FIELD_ORG: return false;
    default: return true;
  }
}

static void write_picks(const FormPage *form, const KindField *field, const char *name, Text label, Text hint) {
  Buffer *out = form->out;
  bool many = field->type == FIELD_CHOICES, required = field->required && field->when_field < 0;
  buffer_string(out, "<fieldset");
  write_pointers(form, name, hint.len > 0);
  buffer_string(out, "><legend>");
  write_label(form, label, required);
  buffer_string(out, "</legend>");
  write_words(form, name, hint);
  buffer_string(out, "<div class=\"pick\">");
  for (size_t i = 0; i < field->choice_count; i++) {
    const KindChoice *choice = &field->choices[i];
    buffer_format(out, "<label><input type=\"%s\" name=\"%s\" value=\"", many ? "checkbox" : "radio", name);
    page_text(out, text_of(choice->id));
    buffer_format(out, "\"%s%s>", said_this(form, name, text_of(choice->id)) ? " checked" : "", required && !many ? " required" : "");
    page_text(out, text_of(IN(form->request, choice->name_zh, choice->name_en)));
    buffer_string(out, "</label>");
  }
  buffer_string(out, "</div></fieldset>");
}

static void write_select(const FormPage *form, const KindField *field, const char *name, Text label, Text hint) {
  Buffer *out = form->out;
  bool required = field->required && field->when_field < 0;
  open_field(form, name, label, required, hint);
  buffer_format(out, "<select id=\"%s\" name=\"%s\"%s", name, name, required ? " required" : "");
  write_pointers(form, name, hint.len > 0);
  buffer_format(out, "><option value=\"\">%s</option>", IN(form->request, "请选择", "Choose"));
  for (size_t i = 0; i < field->choice_count; i++) {
    const KindChoice *choice = &field->choices[i];
    buffer_string(out, "<option value=\"");
    page_text(out, text_of(choice->id));
    buffer_format(out, "\"%s>", said_this(form, name, text_of(choice->id)) ? " selected" : "");
    page_text(out, text_of(IN(form->request, choice->name_zh, choice->name_en)));
    buffer_string(out, "</option>");
  }
  buffer_string(out, "</select></div>");
}

static void write_check(const FormPage *form, const char *name, Text label) {
  Buffer *out = form->out;
  buffer_string(out, "<div class=\"field pick\">");
  write_words(form, name, TEXT_NONE);
  buffer_format(out, "<label><input type=\"checkbox\" name=\"%s\" value=\"yes\"%s", name, said_this(form, name, TEXT("yes")) ? " checked" : "");
  write_pointers(form, name, false);
  buffer_string(out, ">");
  page_text(out, label);
  buffer_string(out, "</label></div>");
}

static void write_file(const FormPage *form, const KindField *field, const char *name, Text label, Text hint) {
  Buffer *out = form->out;
  bool required = field->required && field->when_field < 0;
  open_field(form, name, label, required, hint);
  buffer_format(out, "<input id=\"%s\" name=\"%s\" type=\"file\" multiple accept=\"image/jpeg,image/png,image/webp,application/pdf\"%s", name, name, required ? " required" : "");
  write_pointers(form, name, true);
  buffer_string(out, "></div>");
}

/* What may be given, and that it is asked for only in a certain case. */
static Text hint_of(const FormPage *form, const KindField *fields, const KindField *field, char *room, size_t size) {
  const HttpRequest *request = form->request;
  size_t len = 0;
  room[0] = '\0';
  if (field->when_field >= 0) {
    const KindField *other = &fields[field->when_field];
    Text is = field->when_is, name = page_name(request, other->name_zh, other->name_en);
    for (size_t i = 0; i < other->choice_count; i++)
      if (text_is(is, other->choices[i].id)) is = text_of(IN(request, other->choices[i].name_zh, other->choices[i].name_en));
    if (text_is(is, "yes")) is = text_of(IN(request, "是", "yes"));
    len += (size_t)snprintf(room, size, IN(request, "仅当 \"%.*s\" 为 \"%.*s\" 时填写。", "Only when \"%.*s\" is \"%.*s\". "), TEXT_ARG(name), TEXT_ARG(is));
  }
  bool number = field->type == FIELD_NUMBER || field->type == FIELD_WHOLE;
  if (len < size && number && field->most < 1e12 && field->least > -1e12)
    snprintf(room + len, size - len, IN(request, "%.10g 至 %.10g", "%.10g to %.10g"), field->least, field->most);
  else if (len < size && field->type == FIELD_MONEY) snprintf(room + len, size - len, "%s", IN(request, "元", "yuan"));
  else if (len < size && field->type == FIELD_FILE)
    snprintf(room + len, size - len, "%s", IN(request, "照片 (JPEG、PNG、WebP) 或 PDF, 全部文件合计不超过 8 MB", "Photographs (JPEG, PNG, WebP) or PDF, 8 MB in all"));
  return text_of(room);
}

void form_field(const FormPage *form, const KindField *fields, const KindField *field) {
  char name[NAME_ROOM], room[400];
  Text label = page_name(form->request, field->name_zh, field->name_en), hint = hint_of(form, fields, field, room, sizeof room);
  snprintf(name, sizeof name, "f_%.*s", TEXT_ARG(field->id));
  bool bounded = field->most > 0 && field->most < 100000;
  FormInput input = {.name = name, .type = "text", .label = label, .hint = hint, .required = field->required && field->when_field < 0};
  switch ((KindFieldType)field->type) {
    case FIELD_CHOICE:
      if (field->choice_count > RADIOS_MOST) write_select(form, field, name, label, hint);
      else write_picks(form, field, name, label, hint);
      return;
    case FIELD_CHOICES: write_picks(form, field, name, label, hint); return;
    case FIELD_BOOL: write_check(form, name, label); return;
    case FIELD_FILE: write_file(form, field, name, label, hint); return;
    case FIELD_NOTE: input.type = "textarea"; break;
    case FIELD_TIME: input.type = "datetime-local"; break;
    case FIELD_DATE: input.type = "date"; break;
    case FIELD_PHONE: input.type = "tel", input.autocomplete = "tel", input.most = 24; break;
    case FIELD_NUMBER:
    case FIELD_MONEY: input.inputmode = "decimal", input.most = 24; break;
    case FIELD_WHOLE: input.inputmode = "numeric", input.most = 24; break;
    default: break;
  }
  if (bounded && (field->type == FIELD_TEXT || field->type == FIELD_NOTE)) input.most = (int)field->most;
  if (text_is(field->id, "applicant")) input.autocomplete = "name";
  form_input(form, &input);
}
