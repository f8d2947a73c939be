#include "keys/key_schema.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <initializer_list>

namespace redkeep::keys {
namespace {

constexpr std::array<bool, 256> encoded_bytes() {
  std::array<bool, 256> encoded{};
  for (std::size_t control = 0; control < 0x20; ++control) encoded[control] = true;
  for (const char other : std::string_view("\x7F:%{}")) {
    encoded[static_cast<unsigned char>(other)] = true;
  }
  return encoded;
}
constexpr std::array<bool, 256> kEncoded = encoded_bytes();

bool needs_encoding(char c) { return kEncoded[static_cast<unsigned char>(c)]; }

// Most are. Each byte is looked up: to stop at the first one that is not would cost more.
bool is_plain(std::string_view component) {
  unsigned any = 0;
  for (const char c : component) any |= static_cast<unsigned>(needs_encoding(c));
  return any == 0;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string join(std::string_view prefix, std::initializer_list<std::string_view> parts) {
  std::size_t size = prefix.size();
  for (const auto part : parts) size += part.size();
  std::string key;
  key.reserve(size);
  key += prefix;
  for (const auto part : parts) key += part;
  return key;
}

// An encoded component of bounded length. The hash is taken of the original, so two long components
// that share their first 200 bytes stay different.
std::string bounded(std::string_view component) {
  std::string encoded = encode_component(component);
  if (encoded.size() <= kMaxComponentBytes) return encoded;
  constexpr std::size_t kKeptBytes = 200;
  encoded.resize(kKeptBytes);
  encoded += fmt::format("~{:016x}", XXH3_64bits(component.data(), component.size()));
  return encoded;
}

}  // namespace

std::string encode_component(std::string_view component) {
  if (is_plain(component)) return std::string(component);
  std::string encoded;
  encoded.reserve(component.size());
  for (const char c : component) {
    if (needs_encoding(c)) {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      encoded += c;
    }
  }
  return encoded;
}

std::string decode_component(std::string_view component) {
  std::string decoded;
  decoded.reserve(component.size());
  for (std::size_t i = 0; i < component.size(); ++i) {
    if (component[i] == '%' && i + 2 < component.size()) {
      const int high = hex_digit(component[i + 1]);
      const int low = hex_digit(component[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    decoded += component[i];
  }
  return decoded;
}

namespace {
// For one that is plain without a copy.
std::string join_encoded(std::string_view prefix, std::string_view start,
                         std::string_view component) {
  if (is_plain(component)) return join(prefix, {start, component});
  return join(prefix, {start, encode_component(component)});
}
}  // namespace

std::string KeySchema::entity(std::string_view type, std::string_view id) const {
  return join(prefix_, {"entity:", type, ":", id});
}
std::string KeySchema::type_of(std::string_view id) const {
  return join(prefix_, {"type_of:", id});
}
std::string KeySchema::semantic(std::string_view type, std::string_view name) const {
  return join(prefix_, {"semantic:", type, ":", name});
}
std::string KeySchema::association(std::string_view path) const {
  return join_encoded(prefix_, "assoc:", path);
}
std::string KeySchema::children(std::string_view parent_id) const {
  return join(prefix_, {"children:", parent_id});
}
std::string KeySchema::parent(std::string_view child_id) const {
  return join(prefix_, {"parent:", child_id});
}
std::string KeySchema::links(std::string_view id) const { return join(prefix_, {"links:", id}); }
std::string KeySchema::word(std::string_view word) const {
  return join_encoded(prefix_, "word:", word);
}
std::string KeySchema::type_index(std::string_view type) const {
  return join(prefix_, {"type_index:", type});
}
std::string KeySchema::guard(std::string_view what) const {
  return join(prefix_, {"guard:", what});
}

std::string KeySchema::page(std::string_view path, std::string_view locale,
                            std::string_view theme) const {
  return join(prefix_, {"page:cache:", bounded(path), ":", bounded(locale), ":", bounded(theme)});
}
std::string KeySchema::query(std::string_view hash) const {
  return join(prefix_, {"query:cache:", bounded(hash)});
}
std::string KeySchema::asset(std::string_view type, std::string_view hash) const {
  return join(prefix_, {"asset:bundle:", bounded(type), ":", bounded(hash)});
}
std::string KeySchema::page_template(std::string_view name, std::string_view theme) const {
  return join(prefix_, {"template:cache:", bounded(name), ":", bounded(theme)});
}
std::string KeySchema::temporary(std::string_view operation, std::string_view id) const {
  return join(prefix_, {"temp:", bounded(operation), ":", bounded(id)});
}
std::string KeySchema::session(std::string_view id) const {
  return join(prefix_, {"session:", bounded(id)});
}
std::string KeySchema::csrf(std::string_view token) const {
  return join(prefix_, {"csrf:", bounded(token)});
}
std::string KeySchema::rate(std::string_view action, std::string_view identifier) const {
  return join(prefix_, {"rate:", bounded(action), ":", bounded(identifier)});
}
std::string KeySchema::lock(std::string_view resource) const {
  return join(prefix_, {"lock:", bounded(resource)});
}

}  // namespace redkeep::keys
