#pragma once
// What `redkeep discover` found: as a table, as JSON, and as a proposed configuration. Pure.
#include <string>

#include "census/sample.h"
#include "census/server_cost.h"
#include "discover/discovery.h"

namespace redkeep::app {

struct DiscoverReport {
  discover::Discovery discovery;
  census::SampleOutcome sample;
  census::ServerCost cost;
  std::string server;  ///< Where, and which product; fit to be shown.
};

/// A table of families with shares and intervals; some lines, each with its end.
std::string discover_text(const DiscoverReport& report);

std::string discover_json(const DiscoverReport& report);

/// A configuration that `redkeep check-config` accepts, each class with its reasons as comments.
std::string proposed_config(const DiscoverReport& report);

}  // namespace redkeep::app
