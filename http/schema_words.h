/* Words for writing schemas of routes (JSON Schema, the part http/schema.h knows) as C literals. */
#ifndef HTTP_SCHEMA_WORDS_H
#define HTTP_SCHEMA_WORDS_H

#define S_TEXT "{\"type\":\"string\"}"
#define S_TEXT_NULL "{\"type\":[\"string\",\"null\"]}"
#define S_ID "{\"type\":\"string\",\"format\":\"id\"}"
#define S_ID_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"id\"}"
#define S_TIME "{\"type\":\"string\",\"format\":\"date-time\"}"
#define S_TIME_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define S_WHOLE "{\"type\":\"integer\"}"
#define S_WHOLE_NULL "{\"type\":[\"integer\",\"null\"]}"
#define S_NUMBER "{\"type\":\"number\"}"
#define S_NUMBER_NULL "{\"type\":[\"number\",\"null\"]}"
#define S_BOOL "{\"type\":\"boolean\"}"
#define S_REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
#define S_LIST(of) "{\"type\":\"array\",\"items\":" of "}"
#define S_KEY "{\"type\":\"string\",\"format\":\"id\",\"maxLength\":20}"
#define S_VERSION "{\"type\":\"integer\",\"minimum\":1,\"maximum\":2147483647}"
/* The words of a search: in a body, since addresses are kept by histories and logs. */
#define S_SEARCH "{\"type\":\"object\",\"required\":[\"q\"],\"properties\":{\"q\":{\"type\":\"string\",\"maxLength\":200}}}"

#endif
