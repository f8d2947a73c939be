#include "app/config/class_settings.h"

#include "app/config/config_file.h"
#include "app/setting_list.h"
#include "error/error.h"
#include "redkeep/statistics.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

Error not_one_of(std::string_view text, std::string_view choices) {
  return make_error(ErrorKind::InvalidInput, "\"{}\" is not one of {}", printable(text), choices);
}

Error must_be(std::string_view what, std::string_view example) {
  return make_error(ErrorKind::InvalidInput, "must be {}, such as {}", what, example);
}

Status read_patterns(const toml::node& node, KeyClass& key_class) {
  const auto wrong = must_be("a list of texts", "[\"page:cache:*\"]");
  const toml::array* list = node.as_array();
  if (list == nullptr) return wrong;
  key_class.patterns.clear();
  for (const auto& item : *list) {
    const auto text = item.value_exact<std::string>();
    if (!text) return wrong;
    key_class.patterns.push_back(*text);
  }
  return {};
}

// A class that is no longer evictable has neither a TTL nor a place in the shed order.
Status read_level(const toml::node& node, KeyClass& key_class) {
  const auto text = node.value_exact<std::string>();
  if (!text) return must_be("a text in quotes", "\"evictable\"");
  for (const auto level : {KeyLevel::Protected, KeyLevel::Rebuildable, KeyLevel::Evictable}) {
    if (*text != to_string(level)) continue;
    key_class.level = level;
    if (level != KeyLevel::Evictable) {
      key_class.ttl.reset();
      key_class.shed_at = ShedAt::Never;
      key_class.quota_bytes.reset();
      key_class.quota_pct.reset();
    }
    return {};
  }
  return not_one_of(*text, "protected, rebuildable, evictable");
}

Status read_ttl(const toml::node& node, KeyClass& key_class) {
  const auto text = node.value_exact<std::string>();
  if (!text) return must_be("a text in quotes", "\"5m\"");
  const auto ttl = parse_whole_seconds(*text);
  if (!ttl) return ttl.error();
  key_class.ttl = *ttl;
  return {};
}

Status read_shed_at(const toml::node& node, KeyClass& key_class) {
  const auto text = node.value_exact<std::string>();
  if (!text) return must_be("a text in quotes", "\"warning\"");
  for (const auto at : {ShedAt::Never, ShedAt::Warning, ShedAt::Critical}) {
    if (*text != to_string(at)) continue;
    key_class.shed_at = at;
    return {};
  }
  return not_one_of(*text, "never, warning, critical");
}

Status read_shed_order(const toml::node& node, KeyClass& key_class) {
  const auto number = node.value_exact<std::int64_t>();
  if (!number || *number < 0 || *number > 1000) {
    return must_be("a whole number from 0 to 1000, without quotes", "3");
  }
  key_class.shed_order = static_cast<int>(*number);
  return {};
}

Status read_quota(const toml::node& node, KeyClass& key_class) {
  const auto text = node.value_exact<std::string>();
  if (!text) return must_be("a text in quotes", "\"20%\" or \"50MiB\"");
  key_class.quota_bytes.reset();
  key_class.quota_pct.reset();
  if (text->ends_with('%')) {
    const auto pct = sizes::parse_pct(*text);
    if (!pct) return pct.error();
    key_class.quota_pct = *pct;
    return {};
  }
  const auto bytes = sizes::parse_bytes(*text);
  if (!bytes) return bytes.error();
  key_class.quota_bytes = *bytes;
  return {};
}

}  // namespace

const std::vector<ClassSetting>& class_settings() {
  static const std::vector<ClassSetting> kSettings{
      {"patterns", read_patterns}, {"level", read_level},           {"ttl", read_ttl},
      {"shed_at", read_shed_at},   {"shed_order", read_shed_order}, {"quota", read_quota}};
  return kSettings;
}

std::vector<std::string_view> class_setting_names() {
  std::vector<std::string_view> names{"name"};
  for (const auto& setting : class_settings()) names.push_back(setting.key);
  return names;
}

std::string_view to_string(ShedAt at) {
  switch (at) {
    case ShedAt::Never: return "never";
    case ShedAt::Warning: return "warning";
    case ShedAt::Critical: return "critical";
  }
  return "unknown";
}

}  // namespace redkeep::app
