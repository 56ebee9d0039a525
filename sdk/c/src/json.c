// Reads JSON. The whole text is checked before any value is returned, so reading values later needs no checks for
// mistakes, nor for the end.
#include "../squall_json.h"

#include <string.h>

#include "internal.h"

// Deeper than real documents; deeper ones would overflow the stack.
enum { DEEPEST = 200 };

static const squall_json nowhere = {NULL};

static const char *skip_space(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    return at;
}

// ---------------------------------------------------------------------------------------- checking: NULL is a mistake

static bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

static const char *check_digits(const char *at) {
    if (!is_digit(*at))
        return NULL;
    while (is_digit(*at))
        at++;
    return at;
}

static const char *check_number(const char *at) {
    if (*at == '-')
        at++;
    at = *at == '0' ? at + 1 : check_digits(at);
    if (at && *at == '.')
        at = check_digits(at + 1);
    if (at && (*at == 'e' || *at == 'E')) {
        at++;
        at = check_digits(*at == '+' || *at == '-' ? at + 1 : at);
    }
    return at;
}

// The value of four hexadecimal digits; -1 if they are none.
static int hexadecimal(const char *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char letter = at[i];
        int digit = is_digit(letter)                      ? letter - '0'
                    : (letter >= 'a' && letter <= 'f') ? letter - 'a' + 10
                    : (letter >= 'A' && letter <= 'F') ? letter - 'A' + 10
                                                       : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static const char *check_string(const char *at) {
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < ' ') // the text's end, too
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == 'u') {
            if (hexadecimal(at + 1) < 0)
                return NULL;
            at += 4;
        } else if (!*at || !strchr("\"\\/bfnrt", *at)) {
            return NULL;
        }
    }
    return at + 1;
}

static const char *check_word(const char *at, const char *word) {
    size_t size = strlen(word);
    return strncmp(at, word, size) ? NULL : at + size;
}

static const char *check_value(const char *at, int depth);

// The content of brackets: values, or members.
static const char *check_items(const char *at, char end, int depth) {
    at = skip_space(at + 1);
    if (*at == end)
        return at + 1;
    for (;;) {
        if (end == '}') {
            at = check_string(at);
            at = at ? skip_space(at) : at;
            if (!at || *at++ != ':')
                return NULL;
        }
        at = check_value(at, depth + 1);
        if (!at)
            return NULL;
        if (*at == end)
            return at + 1;
        if (*at++ != ',')
            return NULL;
        at = skip_space(at);
    }
}

// Returns the beginning of the next token after the value and white space.
static const char *check_value(const char *at, int depth) {
    at = skip_space(at);
    if (depth > DEEPEST)
        return NULL;
    switch (*at) {
    case '{': at = check_items(at, '}', depth); break;
    case '[': at = check_items(at, ']', depth); break;
    case '"': at = check_string(at); break;
    case 't': at = check_word(at, "true"); break;
    case 'f': at = check_word(at, "false"); break;
    case 'n': at = check_word(at, "null"); break;
    default: at = check_number(at); break;
    }
    return at ? skip_space(at) : NULL;
}

squall_json squall_json_parse(const char *text) {
    const char *end = text ? check_value(text, 0) : NULL;
    return end && !*end ? (squall_json){skip_space(text)} : nowhere;
}

squall_json squall_json_of(squall_response response) { return squall_json_parse(squall_text(response)); }

// ------------------------------------------------------------------------------------------ walking over checked text

static const char *skip_string(const char *at) {
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

static const char *skip_value(const char *at) {
    if (*at == '"')
        return skip_string(at);
    if (*at != '{' && *at != '[') {
        while (*at && !strchr(",]} \n\r\t", *at))
            at++;
        return at;
    }
    for (int depth = 0;;) {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
        if (!depth)
            return at;
    }
}

bool squall_json_there(squall_json value) { return value.at != NULL; }

// Whether a string, with its quotes, is that text. Escaped names are decoded first.
static bool is_name(const char *string, const char *name) {
    size_t size = strlen(name);
    if (!strncmp(string + 1, name, size) && string[size + 1] == '"' && !memchr(name, '\\', size))
        return true;
    const char *escape = string + 1;
    while (*escape != '"' && *escape != '\\')
        escape++;
    return *escape == '\\' && !strcmp(squall_json_string((squall_json){string}, ""), name);
}

squall_json squall_json_get(squall_json object, const char *name) {
    if (!object.at || *object.at != '{')
        return nowhere;
    for (const char *at = skip_space(object.at + 1); *at == '"';) {
        const char *value = skip_space(skip_space(skip_string(at)) + 1);
        if (is_name(at, name))
            return (squall_json){value};
        at = skip_space(skip_value(value));
        if (*at == ',')
            at = skip_space(at + 1);
    }
    return nowhere;
}

squall_json squall_json_first(squall_json array) {
    if (!array.at || *array.at != '[')
        return nowhere;
    const char *at = skip_space(array.at + 1);
    return *at == ']' ? nowhere : (squall_json){at};
}

squall_json squall_json_next(squall_json item) {
    if (!item.at)
        return nowhere;
    const char *at = skip_space(skip_value(item.at));
    return *at == ',' ? (squall_json){skip_space(at + 1)} : nowhere;
}

// Not strtod: the C library's is exact to the last digit by way of numbers of 128 bits, and takes 20 KB for it.
double squall_json_number(squall_json value, double otherwise) {
    const char *at = value.at;
    if (!at || (*at != '-' && !is_digit(*at)))
        return otherwise;
    bool negative = *at == '-';
    at += negative;
    uint64_t digits = 0;
    int exponent = 0;
    for (bool point = false; is_digit(*at) || *at == '.'; at++) {
        if (*at == '.') {
            point = true;
        } else if (digits < UINT64_MAX / 10 - 1) {
            digits = digits * 10 + (uint64_t)(*at - '0');
            exponent -= point;
        } else {
            exponent += !point;
        }
    }
    if (*at == 'e' || *at == 'E') {
        bool small = at[1] == '-';
        int written = 0;
        for (at += at[1] == '+' || at[1] == '-' ? 2 : 1; is_digit(*at); at++)
            written = written < 1000 ? written * 10 + (*at - '0') : written;
        exponent += small ? -written : written;
    }
    double number = (double)digits, power = 1, base = 10;
    for (unsigned rest = (unsigned)(exponent < 0 ? -exponent : exponent); rest; rest >>= 1, base *= base)
        if (rest & 1)
            power *= base;
    number = !digits ? 0 : exponent < 0 ? number / power : number * power;
    return negative ? -number : number;
}

bool squall_json_bool(squall_json value, bool otherwise) {
    if (!value.at || (*value.at != 't' && *value.at != 'f'))
        return otherwise;
    return *value.at == 't';
}

// Appends a character as UTF-8. Returns the next free place.
static char *encode(char *to, uint32_t character) {
    if (character < 0x80) {
        *to++ = (char)character;
    } else if (character < 0x800) {
        *to++ = (char)(0xC0 | character >> 6);
        *to++ = (char)(0x80 | (character & 63));
    } else if (character < 0x10000) {
        *to++ = (char)(0xE0 | character >> 12);
        *to++ = (char)(0x80 | (character >> 6 & 63));
        *to++ = (char)(0x80 | (character & 63));
    } else {
        *to++ = (char)(0xF0 | character >> 18);
        *to++ = (char)(0x80 | (character >> 12 & 63));
        *to++ = (char)(0x80 | (character >> 6 & 63));
        *to++ = (char)(0x80 | (character & 63));
    }
    return to;
}

const char *squall_json_string(squall_json value, const char *otherwise) {
    if (!value.at || *value.at != '"')
        return otherwise;
    // Decoded, no string is longer.
    char *text = squall_allocate((size_t)(skip_string(value.at) - value.at)), *to = text;
    for (const char *at = value.at + 1; *at != '"'; at++) {
        if (*at != '\\') {
            *to++ = *at;
            continue;
        }
        static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
        const char *letter = strchr(letters, *++at);
        if (letter) {
            *to++ = meanings[letter - letters];
        } else if (*at != 'u') {
            *to++ = *at;
        } else {
            uint32_t character = (uint32_t)hexadecimal(at + 1);
            at += 4;
            bool pair = character >= 0xD800 && character < 0xDC00 && at[1] == '\\' && at[2] == 'u';
            uint32_t low = pair ? (uint32_t)hexadecimal(at + 3) : 0;
            if (low >= 0xDC00 && low < 0xE000) {
                character = 0x10000 + ((character & 0x3FF) << 10) + (low & 0x3FF);
                at += 6;
            } else if (character >= 0xD800 && character < 0xE000) {
                character = 0xFFFD; // half of a pair
            }
            to = encode(to, character);
        }
    }
    *to = 0;
    return text;
}
