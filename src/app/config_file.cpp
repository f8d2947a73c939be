// redkeep.toml. This is the only file that knows TOML; the example file in examples/ is its manual.
#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <map>

#include "app/endpoint_url.h"
#include "app/settings.h"
#include "error/error.h"
#include "redkeep/statistics.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

// One file being read: where it is, and what is wrong with it.
class FileReader {
 public:
  using Setter = std::function<Status(const std::string&)>;
  using Setters = std::map<std::string, Setter, std::less<>>;

  FileReader(std::string path, SettingsErrors& errors) : path_(std::move(path)), errors_(errors) {}

  void bad(const toml::source_region& where, std::string_view why) {
    errors_.lines.push_back(
        fmt::format("{}:{}:{}: {}", path_, where.begin.line, where.begin.column, why));
  }

  // Gives each text of the table to the setter of its name; anything else is an error.
  void read_texts(const toml::table& table, std::string_view table_name, const Setters& setters) {
    for (const auto& [key, node] : table) {
      const auto setter = setters.find(key.str());
      if (setter == setters.end()) {
        bad(key.source(),
            fmt::format("unknown setting \"{}\" in {}", printable(key.str()), table_name));
        continue;
      }
      const auto text = node.value_exact<std::string>();
      if (!text) {
        bad(node.source(),
            fmt::format("{} must be a text in quotes, such as \"85%\" or \"5s\"", key.str()));
        continue;
      }
      if (const Status set = setter->second(*text); !set) {
        bad(node.source(), fmt::format("{}: {}", key.str(), set.error().message));
      }
    }
  }

  // A list of texts; empty with an error if it is anything else.
  std::vector<std::string> texts(const toml::node& node, std::string_view name) {
    std::vector<std::string> list;
    const toml::array* array = node.as_array();
    if (array == nullptr) {
      bad(node.source(), fmt::format("{} must be a list of texts", name));
      return list;
    }
    for (const auto& item : *array) {
      if (const auto text = item.value_exact<std::string>()) {
        list.push_back(*text);
      } else {
        bad(item.source(), fmt::format("{} must be a list of texts", name));
      }
    }
    return list;
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  SettingsErrors& errors_;
};

template <class Value>
Status put(const Result<Value>& parsed, Value& into) {
  if (!parsed) return parsed.error();
  into = *parsed;
  return {};
}

FileReader::Setter pct(double& into) {
  return [&into](const std::string& text) { return put(sizes::parse_pct(text), into); };
}
FileReader::Setter duration(std::chrono::milliseconds& into) {
  return [&into](const std::string& text) { return put(sizes::parse_duration(text), into); };
}
FileReader::Setter whole_seconds(std::chrono::seconds& into) {
  return [&into](const std::string& text) -> Status {
    const auto parsed = sizes::parse_duration(text);
    if (!parsed) return parsed.error();
    into = std::chrono::duration_cast<std::chrono::seconds>(*parsed);
    return {};
  };
}
FileReader::Setter bytes(std::int64_t& into) {
  return [&into](const std::string& text) { return put(sizes::parse_bytes(text), into); };
}
FileReader::Setter plain(std::string& into) {
  return [&into](const std::string& text) -> Status {
    into = text;
    return {};
  };
}

Error not_one_of(std::string_view text, std::string_view choices) {
  return make_error(ErrorKind::InvalidInput, "\"{}\" is not one of {}", printable(text), choices);
}

Status set_level(const std::string& text, KeyClass& key_class) {
  for (const auto level : {KeyLevel::Protected, KeyLevel::Rebuildable, KeyLevel::Evictable}) {
    if (text == to_string(level)) {
      key_class.level = level;
      return {};
    }
  }
  return not_one_of(text, "protected, rebuildable, evictable");
}

Status set_shed_at(const std::string& text, KeyClass& key_class) {
  static const std::map<std::string, ShedAt> kNames{
      {"never", ShedAt::Never}, {"warning", ShedAt::Warning}, {"critical", ShedAt::Critical}};
  const auto found = kNames.find(text);
  if (found == kNames.end()) return not_one_of(text, "never, warning, critical");
  key_class.shed_at = found->second;
  return {};
}

Status set_ttl(const std::string& text, KeyClass& key_class) {
  std::chrono::seconds ttl{0};
  const Status set = whole_seconds(ttl)(text);
  if (set) key_class.ttl = ttl;
  return set;
}

// One [[class]]: a new class, or changes to the one that has this name already.
void read_class(FileReader& file, const toml::table& table, std::vector<KeyClass>& classes) {
  const auto name = table["name"].value<std::string>();
  if (!name || name->empty()) {
    file.bad(table.source(), "a [[class]] needs a name");
    return;
  }
  auto found = std::find_if(classes.begin(), classes.end(),
                            [&](const KeyClass& key_class) { return key_class.name == *name; });
  if (found == classes.end()) {
    KeyClass fresh;
    fresh.name = *name;
    found = classes.insert(classes.end(), std::move(fresh));
  }
  KeyClass& key_class = *found;
  toml::table texts = table;
  texts.erase("name");
  if (const toml::node* patterns = table.get("patterns")) {
    key_class.patterns = file.texts(*patterns, "patterns");
    texts.erase("patterns");
  }
  if (const toml::node* order = table.get("shed_order")) {
    const auto number = order->value_exact<std::int64_t>();
    if (number && *number >= 0 && *number <= 1000) {
      key_class.shed_order = static_cast<int>(*number);
    } else {
      file.bad(order->source(), "shed_order must be a whole number from 0 to 1000");
    }
    texts.erase("shed_order");
  }
  file.read_texts(
      texts, "[[class]]",
      {{"level", [&](const std::string& text) { return set_level(text, key_class); }},
       {"shed_at", [&](const std::string& text) { return set_shed_at(text, key_class); }},
       {"ttl", [&](const std::string& text) { return set_ttl(text, key_class); }}});
}

void read_classes(FileReader& file, const toml::table& root, std::vector<KeyClass>& classes) {
  if (const toml::node* mode = root.get("classes")) {
    const auto text = mode->value_exact<std::string>();
    if (text == "replace") {
      classes.clear();
    } else if (text != "add") {
      file.bad(mode->source(), "classes must be \"add\" or \"replace\"");
    }
  }
  const toml::node* node = root.get("class");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr || !list->is_array_of_tables()) {
    file.bad(node->source(), "classes are written as [[class]]");
    return;
  }
  for (const auto& item : *list) read_class(file, *item.as_table(), classes);
}

// A password in a file that others may read is theirs too.
void warn_of_open_secret(const std::string& path, Settings& settings) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  settings.warnings.push_back(
      fmt::format("{} holds a password and others may read it: chmod 600 {}", path, path));
}

std::map<std::string, FileReader::Setters, std::less<>> setters_for(Settings& settings,
                                                                    const std::string& path) {
  Options& options = settings.options;
  PressureOptions& pressure = options.pressure;
  const auto url = [&settings, path](const std::string& text) {
    if (!password_in(text).empty()) warn_of_open_secret(path, settings);
    return apply_url(text, settings.options.endpoint);
  };
  return {{"redis",
           {{"url", url},
            {"ca_file", plain(options.endpoint.ca_file)},
            {"deadline", duration(options.endpoint.deadline)},
            {"connect_deadline", duration(options.endpoint.connect_deadline)}}},
          {"pressure",
           {{"start_shedding", pct(pressure.start_shedding_pct)},
            {"stop_shedding", pct(pressure.stop_shedding_pct)},
            {"emergency", pct(pressure.emergency_pct)},
            {"leave_emergency", pct(pressure.leave_emergency_pct)},
            {"dwell", duration(pressure.dwell)},
            {"interval", duration(pressure.interval)},
            {"min_interval", duration(pressure.min_interval)},
            {"limit", bytes(pressure.limit_bytes)},
            {"restore_cool_down", whole_seconds(pressure.restore_cool_down)},
            {"alert_every", whole_seconds(pressure.alert_every)}}},
          {"keys", {{"prefix", plain(options.prefix)}}},
          {"content", {{"directory", plain(options.content_directory)}}},
          {"http", {{"listen", plain(settings.http_listen)}}},
          {"log", {{"level", plain(settings.log_level)}}}};
}

void read_root(FileReader& file, toml::table& root, Settings& settings) {
  read_classes(file, root, settings.options.classes);
  const auto tables = setters_for(settings, file.path());
  for (auto& [key, node] : root) {
    if (key == "class" || key == "classes") continue;
    const auto known = tables.find(key.str());
    toml::table* table = node.as_table();
    if (known == tables.end() || table == nullptr) {
      file.bad(key.source(),
               fmt::format("unknown {} \"{}\"", table ? "table" : "setting", printable(key.str())));
      continue;
    }
    if (key == "http" && table->contains("hosts")) {
      settings.http_hosts = file.texts(*table->get("hosts"), "hosts");
      table->erase("hosts");
    }
    file.read_texts(*table, fmt::format("[{}]", key.str()), known->second);
  }
}

}  // namespace

void read_config_file(const std::string& path, Settings& settings, SettingsErrors& errors) {
  struct stat status {};
  const int failed = ::stat(path.c_str(), &status) == 0 ? 0 : errno;
  if (failed != 0 || !S_ISREG(status.st_mode)) {
    errors.lines.push_back(
        fmt::format("the configuration file {} cannot be read: {}", path,
                    failed != 0 ? system_reason(failed) : "it is no regular file"));
    return;
  }
  FileReader file(path, errors);
  try {
    toml::table root = toml::parse_file(path);
    read_root(file, root, settings);
  } catch (const toml::parse_error& failure) {
    file.bad(failure.source(), failure.description());
  }
}

}  // namespace redkeep::app
