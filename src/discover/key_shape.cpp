#include "discover/key_shape.h"

#include <algorithm>

#include "error/error.h"

namespace redkeep::discover {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// What no pattern or no configuration file can hold as it is.
bool is_unfit(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F ||
         std::string_view("{}*\"\\").find(c) != std::string_view::npos;
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'x' ? !is_hex(text[i]) : text[i] != '-') return false;
  }
  return text.size() == kForm.size() || is_separator(text[kForm.size()]);
}
constexpr std::size_t kUuidBytes = 36;

// How a run of letters and digits is to be taken: how many bytes of it are a word; the rest is an
// id.
struct Atom {
  std::size_t word_bytes;
  IdKind kind;
};

Atom take_atom(std::string_view atom) {
  constexpr std::size_t kShort = 3;       // "v2", "s3", "mp3"
  constexpr std::size_t kLeastHash = 8;   // shorter ones may be words: "decade", "cafe"
  constexpr std::size_t kLongToken = 20;  // no word is so long and in both cases
  const auto digits = static_cast<std::size_t>(std::count_if(atom.begin(), atom.end(), is_digit));
  if (digits == atom.size()) return {0, IdKind::Number};
  const bool is_hex_text = std::all_of(atom.begin(), atom.end(), is_hex);
  if (digits > 0 && is_hex_text && atom.size() >= kLeastHash) return {0, IdKind::Hash};
  if (digits == 0) {
    const bool both = std::any_of(atom.begin(), atom.end(), is_lower) &&
                      std::any_of(atom.begin(), atom.end(), is_upper);
    const bool is_token = atom.size() >= kLongToken && both;
    return is_token ? Atom{0, IdKind::Other} : Atom{atom.size(), IdKind::None};
  }
  if (atom.size() <= kShort) return {atom.size(), IdKind::None};
  const auto first = std::find_if(atom.begin(), atom.end(), is_digit);
  const auto letters = static_cast<std::size_t>(first - atom.begin());
  if (letters >= 2 && std::all_of(first, atom.end(), is_digit)) return {letters, IdKind::Number};
  return {0, IdKind::Other};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    component_.text = text;
    // Broken UTF-8 and what cannot be seen is what printable() would not show as it is.
    is_text_ = printable(text, text.size()) == text;
    component_.is_plain = is_text_ && std::none_of(text.begin(), text.end(), is_unfit);
  }

  Component read() {
    for (std::size_t at = 0; at < text_.size();) at += step(text_.substr(at));
    if (component_.has_word) component_.kind = IdKind::None;
    return std::move(component_);
  }

 private:
  std::size_t step(std::string_view rest) {
    if (is_uuid(rest)) return id(IdKind::Uuid, kUuidBytes);
    if (is_unfit(rest[0]) || (is_beyond_ascii(rest[0]) && !is_text_)) return id(IdKind::Other, 1);
    if (is_separator(rest[0])) {
      component_.skeleton += rest[0];
      return 1;
    }
    std::size_t end = 0;
    while (end < rest.size() && !is_separator(rest[end]) && !is_unfit(rest[end]) &&
           (is_text_ || !is_beyond_ascii(rest[end]))) {
      ++end;
    }
    const Atom atom = take_atom(rest.substr(0, end));
    component_.skeleton += rest.substr(0, atom.word_bytes);
    if (atom.word_bytes > 0) component_.has_word = true;
    if (atom.word_bytes < end) id(atom.kind, end - atom.word_bytes);
    return end;
  }

  std::size_t id(IdKind kind, std::size_t bytes) {
    component_.kind =
        component_.kind == IdKind::None || component_.kind == kind ? kind : IdKind::Other;
    if (!component_.skeleton.ends_with(kId)) component_.skeleton += kId;
    return bytes;
  }

  std::string_view text_;
  bool is_text_ = true;
  Component component_;
};

}  // namespace

bool is_separator(char c) {
  return !is_digit(c) && !is_lower(c) && !is_upper(c) && !is_beyond_ascii(c) && !is_unfit(c);
}

std::vector<Component> components_of(std::string_view key) {
  const bool is_cut = key.size() >= kMostKeyBytes;  // who asks may have cut it just there
  key = key.substr(0, kMostKeyBytes);
  std::vector<Component> components;
  while (true) {
    const auto colon =
        components.size() + 1 < kMostComponents ? key.find(':') : std::string_view::npos;
    components.push_back(Reader(key.substr(0, colon)).read());
    if (colon == std::string_view::npos) {
      components.back().is_open = is_cut || key.find(':') != std::string_view::npos;
      return components;
    }
    key.remove_prefix(colon + 1);
  }
}

std::string pattern_of(std::string_view skeleton, std::string_view id) {
  std::string pattern;
  std::string between;  // separators since the last id
  bool in_ids = false;
  for (const char c : skeleton) {
    if (c == kId) {
      if (!in_ids) pattern += "{" + std::string(id) + "}";
      in_ids = true;
      between.clear();
    } else if (in_ids && is_separator(c)) {
      between += c;
    } else {
      pattern += between;
      between.clear();
      in_ids = false;
      pattern += c;
    }
  }
  return pattern + between;
}

}  // namespace redkeep::discover
