#include "app/shell_command.h"

#include <fmt/format.h>

#include <filesystem>

#include "app/endpoint_url.h"
#include "app/shell_words.h"

namespace redkeep::app {
namespace {

using doctor::Mend;

// Where a command has to be run, and as whom.
EndpointOptions endpoint_for(const Mend& mend, EndpointOptions endpoint) {
  if (!mend.host.empty()) {
    endpoint.unix_path.clear();
    endpoint.host = mend.host;
    endpoint.port = mend.port;
  }
  if (mend.user) endpoint.user = *mend.user;
  return endpoint;
}

std::vector<std::string> redis_cli(const EndpointOptions& endpoint) {
  std::vector<std::string> words{"redis-cli"};
  const auto add = [&](std::string flag, std::string value) {
    words.push_back(std::move(flag));
    words.push_back(std::move(value));
  };
  if (!endpoint.unix_path.empty()) {
    add("-s", endpoint.unix_path);
  } else {
    add("-h", endpoint.host);
    add("-p", std::to_string(endpoint.port));
  }
  if (endpoint.tls) words.push_back("--tls");
  if (!endpoint.ca_file.empty()) add("--cacert", from_anywhere(endpoint.ca_file));
  if (!endpoint.user.empty()) add("--user", endpoint.user);
  if (endpoint.database != 0) add("-n", std::to_string(endpoint.database));
  return words;
}

// What our commands have to be told so that they do what was judged: the same server, file and
// classes.
std::vector<std::string> redkeep_flags(const EndpointOptions& endpoint, const Settings& settings) {
  std::vector<std::string> flags{"--url", print_url(endpoint)};
  const auto add = [&](std::string flag, std::string value) {
    flags.push_back(std::move(flag));
    flags.push_back(std::move(value));
  };
  const bool has_config = !settings.config_file.empty();
  if (has_config) add("--config", from_anywhere(settings.config_file));
  if (!settings.password_file.empty()) {
    add("--password-file", from_anywhere(settings.password_file));
  }
  if (!endpoint.ca_file.empty()) add("--ca-file", from_anywhere(endpoint.ca_file));
  // The file's own may have been overridden by the default one.
  if (has_config || settings.options.prefix != Options{}.prefix) {
    add("--prefix", settings.options.prefix);
  }
  const auto limit = settings.places.find("[pressure] limit");
  if (limit != settings.places.end() &&
      (limit->second == "--limit" || limit->second == "REDKEEP_LIMIT")) {
    add("--limit", fmt::format("{}B", settings.options.pressure.limit_bytes));
  }
  return flags;
}

}  // namespace

std::string from_anywhere(const std::string& path) {
  std::error_code failure;
  const auto absolute = std::filesystem::absolute(path, failure);
  return failure ? path : absolute.lexically_normal().string();
}

std::string command_by(const Source& source, std::vector<std::string> words,
                       const std::vector<std::string>& flags, const Settings& settings) {
  if (source.is_data) words.push_back("--data");
  words.push_back(from_anywhere(source.directory));
  words.insert(words.end(), flags.begin(), flags.end());
  return shell_command(doctor::redkeep_command(std::move(words)), settings);
}

std::string shell_command(const Mend& mend, const Settings& settings) {
  const EndpointOptions endpoint = endpoint_for(mend, settings.options.endpoint);
  std::vector<std::string> words;
  if (mend.tool == Mend::Tool::Redis) {
    words = redis_cli(endpoint);
    words.insert(words.end(), mend.words.begin(), mend.words.end());
  } else {
    words = {"redkeep"};
    words.insert(words.end(), mend.words.begin(), mend.words.end());
    const auto flags = redkeep_flags(endpoint, settings);
    words.insert(words.end(), flags.begin(), flags.end());
  }
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + shell_word(word);
  return text;
}

}  // namespace redkeep::app
