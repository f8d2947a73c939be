#include "live/running_guard.h"

#include <algorithm>

namespace redkeep::test {

boost::json::value get_json(const std::string& http_address, const std::string& target) {
  const HttpAnswer answer = http_get(http_address, target);
  boost::system::error_code code;
  auto value = boost::json::parse(answer.body, code);
  EXPECT_FALSE(code) << target << ": " << answer.status << " " << answer.body;
  return value;
}

std::vector<boost::json::object> ledger_of(const std::string& http_address) {
  std::vector<boost::json::object> entries;
  const auto list = get_json(http_address, "/api/v1/ledger?limit=10000");
  if (!list.is_array()) return entries;
  for (const auto& entry : list.as_array()) entries.push_back(entry.as_object());
  std::reverse(entries.begin(), entries.end());
  return entries;
}

RunningGuard::RunningGuard(const std::string& url, const std::vector<std::string>& further,
                           const Environment& environment, const std::string& configuration) {
  const std::string quick =
      "[pressure]\ninterval = \"40ms\"\nmin_interval = \"10ms\"\ndwell = \"200ms\"\n"
      "[alerts]\nevery = \"1s\"\ngrace = \"0s\"\n";
  const std::string config =
      directory_.write("redkeep.toml", configuration.empty() ? quick : configuration);
  std::vector<std::string> arguments{"guard",       "--url",    url,   "--http",
                                     "127.0.0.1:0", "--config", config};
  arguments.insert(arguments.end(), further.begin(), further.end());
  program_ = std::make_unique<Program>(std::move(arguments), environment);
  program_->wait_for_out("HTTP     http://");
  http_ = http_address_in(program_->out());
}

int RunningGuard::count(const std::string& kind, const std::string& subject) const {
  const auto entries = ledger();
  return static_cast<int>(std::count_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.at("kind").as_string() == kind && entry.at("subject").as_string() == subject;
  }));
}

boost::json::object RunningGuard::last(const std::string& kind, const std::string& subject) const {
  boost::json::object found;
  for (const auto& entry : ledger()) {
    if (entry.at("kind").as_string() == kind && entry.at("subject").as_string() == subject)
      found = entry;
  }
  return found;
}

}  // namespace redkeep::test
