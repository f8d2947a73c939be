#pragma once
// What a [[class]] of the configuration may say. Of app/config alone: it knows TOML.
#include <toml++/toml.h>

#include <string_view>

#include "redkeep/key_class.h"
#include "redkeep/result.h"

namespace redkeep::app {

struct ClassSetting {
  std::string_view key;  ///< "ttl"
  Status (*read)(const toml::node& node, KeyClass& key_class);
};

/// All but the name, in the order in which they are to be read: the level decides what else a class
/// may have.
const std::vector<ClassSetting>& class_settings();

}  // namespace redkeep::app
