#include "keys/class_table.h"

#include <algorithm>
#include <set>

#include "error/error.h"

namespace redkeep::keys {
namespace {

constexpr std::size_t kMostNameBytes = 64;

// Everything that is wrong with it but its patterns' form.
void check_class(ClassIndex index, const KeyClass& key_class,
                 std::vector<ClassTable::Fault>& faults) {
  const auto bad = [&](std::vector<std::string_view> by, std::string_view why) {
    faults.push_back(
        {index, fmt::format("class \"{}\": {}", printable(key_class.name), why), std::move(by)});
  };
  if (key_class.name.empty()) bad({"name"}, "a class needs a name");
  // Names stand in tables, labels and flags.
  if (key_class.name.size() > kMostNameBytes || printable(key_class.name) != key_class.name) {
    bad({"name"}, "a name has at most 64 bytes, and neither quotes nor control characters");
  }
  if (key_class.patterns.empty()) bad({"patterns"}, "a class needs at least one pattern");
  if (key_class.level == KeyLevel::Evictable) {
    if (!key_class.ttl) bad({"level", "ttl"}, "an evictable class needs a ttl");
    if (key_class.ttl && key_class.ttl->count() <= 0) bad({"ttl"}, "its ttl must be above zero");
  } else {
    if (key_class.ttl) bad({"level", "ttl"}, "only evictable classes have a ttl");
    if (key_class.shed_at != ShedAt::Never) {
      bad({"level", "shed_at"}, "only evictable classes may be shed");
    }
  }
  if ((key_class.quota_bytes || key_class.quota_pct) && key_class.shed_at == ShedAt::Never) {
    bad({"level", "shed_at", "quota"}, "only classes that may be shed have a quota");
  }
}

}  // namespace

std::string escape_glob(std::string_view literal) {
  std::string escaped;
  for (const char c : literal) {
    if (std::string_view("*?[]^\\-").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

Result<ClassTable::Pattern> ClassTable::compile_pattern(ClassIndex index, const KeyClass& key_class,
                                                        const std::string& text) {
  const auto bad = [&](std::string_view why) {
    return make_error(ErrorKind::InvalidInput, "class \"{}\": pattern \"{}\": {}",
                      printable(key_class.name), printable(text), why);
  };
  Pattern pattern{index, {}, {}, 0};
  std::string* literal = &pattern.head;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') {
      const auto close = text.find('}', i);
      if (close == std::string::npos) return bad("\"{\" without \"}\"");
      if (!pattern.pieces.empty() && literal->empty()) return bad("two wildcards side by side");
      pattern.pieces.push_back({false, {}});
      i = close;
    } else if (text[i] == '*') {
      if (!pattern.pieces.empty() && literal->empty()) return bad("two wildcards side by side");
      pattern.pieces.push_back({true, {}});
    } else {
      *literal += text[i];
      ++pattern.literal_bytes;
      continue;
    }
    literal = &pattern.pieces.back().literal;
  }
  if (pattern.head.empty()) return bad("it must begin with literal text");
  return pattern;
}

std::vector<ClassTable::Fault> ClassTable::find_faults(const std::vector<KeyClass>& classes) {
  std::vector<Fault> faults;
  std::set<std::string_view> names;
  for (ClassIndex index = 0; index < classes.size(); ++index) {
    const KeyClass& key_class = classes[index];
    check_class(index, key_class, faults);
    if (!names.insert(key_class.name).second) {
      faults.push_back(
          {index, fmt::format("class \"{}\" is defined twice", printable(key_class.name)), {}});
    }
    for (const auto& text : key_class.patterns) {
      const auto pattern = compile_pattern(index, key_class, text);
      if (!pattern) faults.push_back({index, pattern.error().message, {}});
    }
  }
  return faults;
}

Result<ClassTable> ClassTable::compile(const std::string& prefix, std::vector<KeyClass> classes) {
  if (auto faults = find_faults(classes); !faults.empty()) {
    return Error{ErrorKind::InvalidInput, std::move(faults.front().message)};
  }
  ClassTable table;
  table.prefix_ = prefix;
  table.classes_ = std::move(classes);
  for (ClassIndex index = 0; index < table.classes_.size(); ++index) {
    for (const auto& text : table.classes_[index].patterns) {
      table.patterns_.push_back(std::move(*compile_pattern(index, table.classes_[index], text)));
    }
  }
  std::stable_sort(
      table.patterns_.begin(), table.patterns_.end(), [&](const Pattern& a, const Pattern& b) {
        if (a.literal_bytes != b.literal_bytes) {
          return a.literal_bytes > b.literal_bytes;
        }
        return table.classes_[a.class_index].level < table.classes_[b.class_index].level;
      });
  for (std::size_t i = 0; i < table.patterns_.size(); ++i) {
    const auto first = static_cast<unsigned char>(table.patterns_[i].head[0]);
    table.by_first_byte_[first].push_back(static_cast<std::uint16_t>(i));
  }
  return table;
}

std::optional<ClassIndex> ClassTable::classify(std::string_view key) const {
  if (!key.starts_with(prefix_)) return std::nullopt;
  key.remove_prefix(prefix_.size());
  if (key.empty()) return std::nullopt;
  for (const auto i : by_first_byte_[static_cast<unsigned char>(key[0])]) {
    const Pattern& pattern = patterns_[i];
    if (key.starts_with(pattern.head) && matches(pattern, 0, key.substr(pattern.head.size()))) {
      return pattern.class_index;
    }
  }
  return std::nullopt;
}

// Recursion is as deep as the pattern has wildcards. A component ends at ':' or the end, so only
// `*` needs to try several places.
bool ClassTable::matches(const Pattern& pattern, std::size_t piece, std::string_view rest) {
  if (piece == pattern.pieces.size()) return rest.empty();
  const auto& [any, literal] = pattern.pieces[piece];
  const bool last = piece + 1 == pattern.pieces.size();
  if (last && literal.empty()) {
    return !rest.empty() && (any || rest.find(':') == std::string_view::npos);
  }
  for (std::size_t at = 1; at + literal.size() <= rest.size(); ++at) {
    if (!any && rest[at - 1] == ':') return false;
    if (rest.substr(at).starts_with(literal) &&
        matches(pattern, piece + 1, rest.substr(at + literal.size()))) {
      return true;
    }
  }
  return false;
}

std::optional<ClassIndex> ClassTable::find(std::string_view name) const {
  for (ClassIndex index = 0; index < classes_.size(); ++index) {
    if (classes_[index].name == name) return index;
  }
  return std::nullopt;
}

std::string ClassTable::scan_glob() const { return escape_glob(prefix_) + "*"; }

std::string ClassTable::scan_glob(const std::vector<ClassIndex>& classes) const {
  std::optional<std::string_view> common;
  for (const Pattern& pattern : patterns_) {
    if (std::find(classes.begin(), classes.end(), pattern.class_index) == classes.end()) continue;
    if (!common) common = pattern.head;
    const auto ends =
        std::mismatch(common->begin(), common->end(), pattern.head.begin(), pattern.head.end());
    common = common->substr(0, static_cast<std::size_t>(ends.first - common->begin()));
  }
  return escape_glob(prefix_ + std::string(common.value_or(""))) + "*";
}

}  // namespace redkeep::keys
