// Texts that live until the iteration ends.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static void make_room(squall_buffer *buffer, size_t more) {
    if (buffer->room - buffer->size > more)
        return;
    size_t room = 2 * (buffer->size + more) + 64;
    char *data = squall_allocate(room);
    if (buffer->size)
        memcpy(data, buffer->data, buffer->size);
    buffer->data = data;
    buffer->room = room;
}

void squall_append_letter(squall_buffer *buffer, char letter) {
    make_room(buffer, 1);
    buffer->data[buffer->size++] = letter;
    buffer->data[buffer->size] = 0;
}

void squall_append(squall_buffer *buffer, const char *text) {
    size_t size = strlen(text);
    make_room(buffer, size);
    memcpy(buffer->data + buffer->size, text, size + 1);
    buffer->size += size;
}

void squall_append_escaped(squall_buffer *buffer, const char *text, const char *space) {
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;
        bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                     (letter >= '0' && letter <= '9') || strchr("-._~", letter);
        if (plain) {
            squall_append_letter(buffer, *text);
        } else if (letter == ' ') {
            squall_append(buffer, space);
        } else {
            squall_append_letter(buffer, '%');
            squall_append_letter(buffer, digits[letter >> 4]);
            squall_append_letter(buffer, digits[letter & 15]);
        }
    }
}

void squall_append_quoted(squall_buffer *buffer, const char *text) {
    static const char digits[] = "0123456789abcdef";
    squall_append_letter(buffer, '"');
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;
        if (letter < ' ') {
            squall_append(buffer, "\\u00");
            squall_append_letter(buffer, digits[letter >> 4]);
            squall_append_letter(buffer, digits[letter & 15]);
            continue;
        }
        if (letter == '"' || letter == '\\')
            squall_append_letter(buffer, '\\');
        squall_append_letter(buffer, *text);
    }
    squall_append_letter(buffer, '"');
}

static void append_pairs(squall_buffer *buffer, const squall_pair *pairs, size_t most, char first, const char *space) {
    for (size_t i = 0; i < most && pairs[i].name; i++) {
        char mark = i ? '&' : first;
        if (mark)
            squall_append_letter(buffer, mark);
        squall_append_escaped(buffer, pairs[i].name, space);
        squall_append_letter(buffer, '=');
        squall_append_escaped(buffer, pairs[i].value ? pairs[i].value : "", space);
    }
}

void squall_append_query(squall_buffer *buffer, const squall_pair *pairs, size_t most, char first) {
    append_pairs(buffer, pairs, most, first, "%20");
}

void squall_append_form(squall_buffer *buffer, const squall_pair *pairs, size_t most) {
    append_pairs(buffer, pairs, most, 0, "+");
}

const char *squall_join(const char *first, ...) {
    squall_buffer buffer = {0};
    va_list more;
    va_start(more, first);
    for (const char *text = first; text; text = va_arg(more, const char *))
        squall_append(&buffer, text);
    va_end(more);
    return buffer.data ? buffer.data : "";
}

const char *squall_decimal(int64_t number) {
    char *text = squall_allocate(24);
    char *at = text + 23;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    *at = 0;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    return at;
}

const char *squall_format(const char *format, ...) {
    va_list values;
    va_start(values, format);
    int size = vsnprintf(NULL, 0, format, values);
    va_end(values);
    if (size < 0)
        return "";
    char *text = squall_allocate((size_t)size + 1);
    va_start(values, format);
    vsnprintf(text, (size_t)size + 1, format, values);
    va_end(values);
    return text;
}

squall_outcome squall_fail(const char *text, const char *file, int line) {
    return squall_join(text, " (", file, ":", squall_decimal(line), ")", NULL);
}
