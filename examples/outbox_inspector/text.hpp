#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

/// `text`, from wherever it comes, as something that can be shown: valid UTF-8 of one line, at most
/// `most` characters and an ellipsis. What would move the cursor, colour the terminal or turn the
/// direction of writing is spelled, `\n`, `\u001b`; a byte that is no UTF-8 is shown as U+FFFD.
std::string Visible(std::string_view text, std::size_t most = std::string::npos);

/// As a part of a page, between tags and inside of attributes. Takes what Visible returned.
std::string Escaped(std::string_view text);

/// How many columns of a terminal it takes: what is CJK or an emoji takes two.
std::size_t Columns(std::string_view utf8);

/// `3 s`, `4 min`, `5 h`, `6 days`: never more than it is.
std::string Span(std::chrono::seconds span);

/// `2026-01-31 12:00:00 UTC`.
std::string Moment(std::chrono::system_clock::time_point time);
