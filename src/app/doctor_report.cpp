#include "app/doctor_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>

#include "app/endpoint_url.h"
#include "app/shell_words.h"
#include "error/error.h"
#include "pressure/memory_reading.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace json = boost::json;
using doctor::Finding;
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

// The same file, whatever directory the command is pasted in.
std::string from_anywhere(const std::string& path) {
  std::error_code failure;
  const auto absolute = std::filesystem::absolute(path, failure);
  return failure ? path : absolute.lexically_normal().string();
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

std::string guarded(const DoctorReport& report) {
  return report.reading.is_guarded ? "guarded" : "no guard is running";
}

std::string describe_server(const DoctorReport& report) {
  const redis::ServerInfo& info = report.reading.info;
  const auto memory = pressure::read_memory(info, report.settings.options.pressure.limit_bytes,
                                            report.settings.options.endpoint.database);
  if (!memory) return fmt::format("server      {}\n", info.product());
  std::string use = fmt::format("{} used", sizes::print_bytes(memory->used_bytes));
  if (memory->limit_bytes > 0) {
    use += fmt::format(" of {} ({})", sizes::print_bytes(memory->limit_bytes),
                       sizes::print_pct(memory->usage_pct()));
  }
  return fmt::format("server      {}, {}, {}\nkeys        {}, {} of them looked at\n",
                     info.product(), use, guarded(report),
                     sizes::print_count(memory->keyspace.keys),
                     sizes::print_count(std::ssize(report.reading.sample.keys)));
}

std::string describe_finding(const Finding& finding, const Settings& settings) {
  std::string text = fmt::format("{:<11} {}\n            {}\n", to_string(finding.severity),
                                 finding.name, finding.evidence);
  if (!finding.advice.empty()) text += fmt::format("            {}\n", finding.advice);
  for (const auto& mend : finding.mend) {
    text += fmt::format("              {}\n", shell_command(mend, settings));
  }
  return text;
}

// Classes that fare alike on one line.
std::string describe_eviction(const DoctorReport& report) {
  std::vector<std::pair<std::string, std::string>> fates;
  for (const auto& outlook : report.eviction) {
    auto place = std::find_if(fates.begin(), fates.end(),
                              [&](const auto& fate) { return fate.first == outlook.text; });
    if (place == fates.end()) place = fates.insert(fates.end(), {outlook.text, ""});
    place->second += (place->second.empty() ? "" : ", ") + outlook.name;
  }
  std::string text =
      fmt::format("at the limit, by maxmemory-policy {}:\n",
                  report.reading.info.text("maxmemory_policy").value_or("(unknown)"));
  for (const auto& [fate, names] : fates) text += fmt::format("  {}: {}\n", fate, names);
  return text;
}

json::object finding_json(const Finding& finding, const Settings& settings) {
  json::array mend;
  for (const auto& each : finding.mend) mend.emplace_back(shell_command(each, settings));
  return json::object{{"name", finding.name},
                      {"severity", to_string(finding.severity)},
                      {"evidence", finding.evidence},
                      {"advice", finding.advice},
                      {"mend", std::move(mend)}};
}

bool is_judged(const DoctorReport& report) {
  return report.reading.info.count("used_memory").has_value() && !report.reading.is_loading();
}

}  // namespace

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

std::string describe_doctor(const DoctorReport& report) {
  std::string text = report.reading.is_busy ? "" : describe_server(report);
  for (const auto& finding : report.findings) text += describe_finding(finding, report.settings);
  if (is_judged(report)) text += describe_eviction(report);
  if (report.findings.empty()) text += "Healthy: nothing found\n";
  return text;
}

std::string doctor_json(const DoctorReport& report) {
  json::array findings;
  for (const auto& finding : report.findings) {
    findings.emplace_back(finding_json(finding, report.settings));
  }
  json::array eviction;
  if (is_judged(report)) {
    for (const auto& outlook : report.eviction) {
      eviction.emplace_back(json::object{{"class", outlook.name},
                                         {"level", to_string(outlook.level)},
                                         {"fate", to_string(outlook.fate)},
                                         {"wrong", outlook.is_wrong},
                                         {"text", outlook.text}});
    }
  }
  const redis::ServerInfo& info = report.reading.info;
  const json::object object{
      {"outcome", doctor::has_problems(report.findings) ? "Problems" : "Healthy"},
      {"server", info.product()},
      {"guarded", report.reading.is_guarded},
      {"user", report.reading.user},
      {"policy", info.text("maxmemory_policy").value_or("")},
      {"findings", std::move(findings)},
      {"eviction", std::move(eviction)},
      {"sampled_keys", report.reading.sample.keys.size()},
      {"sample_is_whole", report.reading.sample.is_whole},
      {"took_ms", report.took.count()}};
  return sizes::print_json(object);
}

}  // namespace redkeep::app
