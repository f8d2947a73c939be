#include "app/config/config_file.h"

#include <algorithm>

#include "app/config/class_settings.h"
#include "app/config/toml_document.h"
#include "app/endpoint_url.h"
#include "app/setting_list.h"
#include "error/error.h"

namespace redkeep::app {
namespace {

using Member = std::pair<const toml::key*, const toml::node*>;

// A toml::table is in alphabetical order; people read errors in the order of the file.
std::vector<Member> in_file_order(const toml::table& table) {
  std::vector<Member> members;
  for (const auto& [key, node] : table) members.emplace_back(&key, &node);
  std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
    return a.first->source().begin < b.first->source().begin;
  });
  return members;
}

class FileReader {
 public:
  FileReader(const std::string& path, Settings& settings, SettingsErrors& errors)
      : path_(path), settings_(settings), errors_(errors), list_(setting_list(settings)) {}

  std::string place(const toml::source_position& where) const {
    return fmt::format("{}:{}:{}", printable(path_), where.line, where.column);
  }
  std::string place(const toml::source_region& where) const { return place(where.begin); }
  void bad(const toml::source_region& where, std::string_view why) {
    errors_.add(place(where), why);
  }

  void read_root(const toml::table& root);

 private:
  // Nothing, with an error, unless it is a list of texts.
  std::optional<std::vector<std::string>> texts(const toml::node& node, const Setting& setting);
  void read_table(std::string_view name, const toml::table& table);
  void read_setting(const Setting& setting, const toml::node& node);
  void read_classes(const toml::node& node);
  void read_class(const toml::table& table);
  void read_class_mode(const toml::node& node);
  KeyClass& class_named(const std::string& name);
  void unknown_at_root(const toml::key& key, const toml::node& node);
  bool is_table(std::string_view name) const;

  const std::string& path_;
  Settings& settings_;
  SettingsErrors& errors_;
  std::vector<Setting> list_;
};

KeyClass& FileReader::class_named(const std::string& name) {
  auto& classes = settings_.options.classes;
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const KeyClass& known) { return known.name == name; });
  if (found != classes.end()) return *found;
  classes.emplace_back().name = name;
  return classes.back();
}

// One [[class]]: a new class, or changes to the one that has this name already.
void FileReader::read_class(const toml::table& table) {
  const auto name = table["name"].value_exact<std::string>();
  if (!name || name->empty()) {
    bad(table.source(), "a [[class]] needs a name: a text in quotes, such as \"page_cache\"");
    return;
  }
  const std::string place_name = "class " + *name;
  if (const auto before = settings_.places.find(place_name); before != settings_.places.end()) {
    bad(table.source(),
        fmt::format("the class \"{}\" is there twice: see {}", printable(*name), before->second));
    return;
  }
  settings_.places[place_name] = place(table.source());
  KeyClass& key_class = class_named(*name);
  for (const auto& setting : class_settings()) {
    const toml::node* node = table.get(setting.key);
    if (node == nullptr) continue;
    if (const Status set = setting.read(*node, key_class); !set) {
      errors_.refused.insert(fmt::format("{} {}", place_name, setting.key));
      bad(node->source(),
          fmt::format("class \"{}\": {}: {}", printable(*name), setting.key, set.error().message));
    }
  }
  const auto known = class_setting_names();
  for (const auto& [key, node] : in_file_order(table)) {
    if (std::find(known.begin(), known.end(), key->str()) != known.end()) continue;
    bad(key->source(), fmt::format("unknown setting \"{}\" in [[class]], which has {}",
                                   printable(key->str()), fmt::join(known, ", ")));
  }
}

void FileReader::read_class_mode(const toml::node& node) {
  const auto text = node.value_exact<std::string>();
  if (text == "replace") {
    settings_.options.classes.clear();
  } else if (text != "add") {
    bad(node.source(), "classes must be \"add\" or \"replace\"");
  }
}

void FileReader::read_classes(const toml::node& node) {
  const toml::array* list = node.as_array();
  if (list == nullptr || !list->is_array_of_tables()) {
    bad(node.source(), "classes are written as [[class]], with two brackets");
    return;
  }
  for (const auto& item : *list) read_class(*item.as_table());
}

std::optional<std::vector<std::string>> FileReader::texts(const toml::node& node,
                                                          const Setting& setting) {
  const auto wrong = [&](const toml::node& what) {
    bad(what.source(),
        fmt::format("{}: must be a list of texts, such as {}", setting.name(), setting.example));
    return std::nullopt;
  };
  const toml::array* array = node.as_array();
  if (array == nullptr) return wrong(node);
  std::vector<std::string> list;
  for (const auto& item : *array) {
    const auto text = item.value_exact<std::string>();
    if (!text) return wrong(item);
    list.push_back(*text);
  }
  return list;
}

void FileReader::read_setting(const Setting& setting, const toml::node& node) {
  if (setting.set_list) {
    const auto list = texts(node, setting);
    if (!list) return;
    settings_.places[setting.name()] = place(node.source());
    if (const Status set = setting.set_list(*list); !set) {
      bad(node.source(), fmt::format("{}: {}", setting.name(), set.error().message));
    }
    return;
  }
  const auto text = node.value_exact<std::string>();
  if (!text) {
    errors_.refused.insert(setting.name());
    bad(node.source(),
        fmt::format("{}: must be a text in quotes, such as {}", setting.name(), setting.example));
    return;
  }
  if (setting.name() == "[redis] url" && !password_in(*text).empty()) {
    warn_of_open_secret(path_, settings_);
  }
  apply_setting(setting, *text, {place(node.source())}, settings_, errors_);
}

void FileReader::read_table(std::string_view name, const toml::table& table) {
  std::vector<std::string_view> keys;
  for (const auto& setting : list_) {
    if (setting.table == name) keys.push_back(setting.key);
  }
  for (const auto& [key, node] : in_file_order(table)) {
    if (std::find(keys.begin(), keys.end(), key->str()) == keys.end()) {
      bad(key->source(), fmt::format("unknown setting \"{}\" in [{}], which has {}",
                                     printable(key->str()), name, fmt::join(keys, ", ")));
      continue;
    }
    read_setting(setting_named(list_, fmt::format("[{}] {}", name, key->str())), *node);
  }
}

bool FileReader::is_table(std::string_view name) const {
  return std::any_of(list_.begin(), list_.end(),
                     [&](const Setting& setting) { return setting.table == name; });
}

void FileReader::unknown_at_root(const toml::key& key, const toml::node& node) {
  if (is_table(key.str())) {
    bad(key.source(), fmt::format("{} is a table: write [{}]", key.str(), key.str()));
    return;
  }
  for (const auto& setting : list_) {
    if (setting.key != key.str() || node.is_table()) continue;
    bad(key.source(),
        fmt::format("the setting \"{}\" stands outside its table: it belongs under [{}]", key.str(),
                    setting.table));
    return;
  }
  std::vector<std::string> tables;
  for (const auto& setting : list_) {
    std::string table = fmt::format("[{}]", setting.table);
    if (tables.empty() || tables.back() != table) tables.push_back(std::move(table));
  }
  bad(key.source(), fmt::format("unknown {} \"{}\"; there are {}, classes and [[class]]",
                                node.is_table() ? "table" : "setting", printable(key.str()),
                                fmt::join(tables, ", ")));
}

void FileReader::read_root(const toml::table& root) {
  const toml::node* mode = root.get("classes");
  if (mode != nullptr) read_class_mode(*mode);
  for (const auto& [key, node] : in_file_order(root)) {
    if (*key == "classes") continue;
    if (*key == "class") {
      read_classes(*node);
    } else if (node->is_table() && is_table(key->str())) {
      read_table(key->str(), *node->as_table());
    } else {
      unknown_at_root(*key, *node);
    }
  }
  if (mode != nullptr && settings_.options.classes.empty()) {
    bad(mode->source(), "classes = \"replace\" needs at least one [[class]]");
  }
}

}  // namespace

void read_config_file(const std::string& path, Settings& settings, SettingsErrors& errors) {
  auto text = read_text_file(path);
  if (!text) {
    errors.lines.push_back(text.error().message);
    return;
  }
  FileReader reader(path, settings, errors);
  const TomlDocument document = parse_document(std::move(*text));
  errors.file_is_torn = !document.errors.empty();
  for (const auto& error : document.errors) errors.add(reader.place(error.where), error.message);
  if (document.root) reader.read_root(*document.root);
}

}  // namespace redkeep::app
