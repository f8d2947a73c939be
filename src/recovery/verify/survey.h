#pragma once
// A content directory against a server: the CSV checked whole, every key of the graph looked at
// once, and what differs. What verify reports and repair and rebuild act on. Changes nothing.
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "recovery/csv/content_check.h"
#include "recovery/verify/graph_classes.h"
#include "recovery/verify/key_comparison.h"
#include "recovery/verify/server_facts.h"

namespace redkeep::recovery {

struct SurveyOptions {
  std::string directory;
  double most_share = 1;  ///< See LookAt.
};

struct Survey {
  ContentCheck check;
  Damage damage;          ///< Nothing where the check found problems.
  ExpectedKeys expected;  ///< Of the content; empty where they were asked for by name.
  std::int64_t expected_keys = 0;
  std::int64_t seen_keys = 0;  ///< Of the graph's classes, on the server.
};

/// Of two that stop each other when they fail: why the one failed that was not stopped; where both
/// were, that. None: neither has failed.
template <class First, class Second>
std::optional<Error> failure_of_either(const First& first, const Second& second) {
  std::optional<Error> stopped;
  if (!second) stopped = second.error();
  if (!first && (!stopped || stopped->kind == ErrorKind::Interrupted ||
                 first.error().kind != ErrorKind::Interrupted)) {
    stopped = first.error();
  }
  return stopped;
}

/// The CSV is read by threads of their own while the server is looked at; where it has problems the
/// look is broken off. Memory: 24 to 48 bytes a key beside what the check takes. Fails as the
/// check, the connection or the server does, or with Interrupted.
redis::awaitable<Result<Survey>> survey(std::shared_ptr<redis::Connection> connection,
                                        const keys::KeySchema& schema, const GraphClasses& classes,
                                        const ServerFacts& facts, SurveyOptions options,
                                        std::stop_token stop, ShowProgress progress);

}  // namespace redkeep::recovery
