#include "recovery/journal/journal_line.h"

#include <fmt/format.h>

#include <charconv>

#include "recovery/csv/csv_field.h"
#include "recovery/disk/crc32c.h"

namespace redkeep::recovery {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      default: out += c;
    }
  }
  return out;
}

bool unescape(std::string& text) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < text.size(); ++from) {
    char c = text[from];
    if (c == '\\') {
      if (++from == text.size()) return false;
      switch (text[from]) {
        case '\\': break;
        case 'n': c = '\n'; break;
        case 'r': c = '\r'; break;
        default: return false;
      }
    }
    text[to++] = c;
  }
  text.resize(to);
  return true;
}

// Takes one field and the comma behind it off the front.
std::optional<std::string> take_field(std::string_view& rest, bool& is_last) {
  std::string field;
  if (rest.starts_with('"')) {
    std::size_t at = 1;
    while (true) {
      const std::size_t quote = rest.find('"', at);
      if (quote == std::string_view::npos) return std::nullopt;
      field += rest.substr(at, quote - at);
      at = quote + 1;
      if (at == rest.size() || rest[at] != '"') break;
      field += '"';
      ++at;
    }
    rest.remove_prefix(at);
  } else {
    const std::size_t end = std::min(rest.find(','), rest.size());
    field = rest.substr(0, end);
    if (field.find('"') != std::string::npos) return std::nullopt;
    rest.remove_prefix(end);
  }
  is_last = rest.empty();
  if (!is_last && rest.front() != ',') return std::nullopt;
  if (!is_last) rest.remove_prefix(1);
  if (!unescape(field)) return std::nullopt;
  return field;
}

}  // namespace

std::string crc_text(std::uint32_t crc) { return fmt::format("{:08x}", crc); }

std::optional<std::uint32_t> parse_crc(std::string_view text) {
  std::uint32_t crc = 0;
  if (text.size() != kCrcDigits) return std::nullopt;
  if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), crc, 16);
  return crc;
}

std::uint32_t append_line(std::string& out, const JournalLine& line, std::uint32_t crc_before) {
  const std::size_t start = out.size();
  out += std::to_string(line.position);
  out += ',';
  out += line.operation;
  for (const auto& field : line.fields) {
    out += ',';
    if (field.find_first_of("\\\n\r") == std::string::npos) {
      append_csv_field(out, field);
    } else {
      append_csv_field(out, escaped(field));
    }
  }
  const std::uint32_t crc = crc32c(std::string_view(out).substr(start), crc_before);
  out += ',';
  out += crc_text(crc);
  out += '\n';
  return crc;
}

LineCrc crc_of_line(std::string_view line, std::uint32_t crc_before) {
  if (line.size() <= kCrcDigits) return {};
  LineCrc crc;
  crc.written = parse_crc(line.substr(line.size() - kCrcDigits));
  crc.reckoned = crc32c(line.substr(0, line.size() - kCrcDigits - 1), crc_before);
  return crc;
}

std::optional<JournalLine> parse_line(std::string_view line) {
  if (line.size() <= kCrcDigits || line[line.size() - kCrcDigits - 1] != ',') return std::nullopt;
  line.remove_suffix(kCrcDigits + 1);
  JournalLine parsed;
  const auto digits = std::from_chars(line.data(), line.data() + line.size(), parsed.position);
  if (digits.ec != std::errc{} || parsed.position < 1) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(digits.ptr - line.data()));
  if (!line.starts_with(',')) return std::nullopt;
  line.remove_prefix(1);
  bool is_last = false;
  auto operation = take_field(line, is_last);
  if (!operation) return std::nullopt;
  parsed.operation = std::move(*operation);
  while (!is_last) {
    auto field = take_field(line, is_last);
    if (!field) return std::nullopt;
    parsed.fields.push_back(std::move(*field));
  }
  return parsed;
}

}  // namespace redkeep::recovery
