#include "sizes/print_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace redkeep::sizes {
namespace {

namespace json = boost::json;

TEST(PrintJson, NumbersAreWrittenAsPeopleWriteThem) {
  EXPECT_EQ(print_json(json::array{24.0, 80.25, 0.0, -3, 18'446'744'073'709'551'615ULL}),
            "[24,80.25,0,-3,18446744073709551615]");
}

TEST(PrintJson, WhatItPrintsIsTheValueAgain) {
  const json::value value = json::parse(
      R"({"a":[],"b":{},"c":[[1,[]],{"d":null}],"e \"\\ é":"\u0000\n","f":true,"g":1e300,"h":1e-7})");
  EXPECT_EQ(json::parse(print_json(value)), value);
}

TEST(PrintJson, ListsInListsKeepTheirCommas) {
  EXPECT_EQ(print_json(json::parse(R"([[],[],{},{"a":[1,2],"b":{}}])")),
            R"([[],[],{},{"a":[1,2],"b":{}}])");
}

}  // namespace
}  // namespace redkeep::sizes
