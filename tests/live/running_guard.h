#pragma once
// `redkeep guard` on a test's server, with intervals short enough for tests.
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "live/http_get.h"
#include "live/program.h"

namespace redkeep::test {

/// What a running guard or `up` answers; fails the test if that is no JSON.
boost::json::value get_json(const std::string& http_address, const std::string& target);

/// Its ledger, oldest entry first.
std::vector<boost::json::object> ledger_of(const std::string& http_address);

class RunningGuard {
 public:
  /// Starts it and waits until it listens for HTTP.
  explicit RunningGuard(const std::string& url, const std::vector<std::string>& further = {},
                        const Environment& environment = {}, const std::string& configuration = "");

  const std::string& http() const { return http_; }
  Program& program() { return *program_; }

  boost::json::object status() const { return get_json(http_, "/api/v1/status").as_object(); }
  std::string level() const { return status().at("level").as_string().c_str(); }
  std::vector<boost::json::object> ledger() const { return ledger_of(http_); }

  /// How many entries of the ledger are of this kind and subject.
  int count(const std::string& kind, const std::string& subject) const;
  /// The newest of them; an empty object if there is none.
  boost::json::object last(const std::string& kind, const std::string& subject) const;

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Program> program_;
  std::string http_;
};

}  // namespace redkeep::test
