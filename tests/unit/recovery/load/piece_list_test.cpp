// Pieces of records, and the keys that they belong to.
#include "recovery/load/piece_list.h"

#include <gtest/gtest.h>

namespace redkeep::recovery {
namespace {

TEST(PieceList, CountsASetOnceHoweverManyMembersItHas) {
  keys::FingerprintSet sets;
  PieceList pieces;
  content::HashFields fields;
  fields.add("type", "page");
  pieces.hash("reed:entity:page:1", fields);
  pieces.string("reed:type_of:1", "page");
  for (const char* id : {"1", "2", "3"}) pieces.in_set("reed:type_index:page", id);
  pieces.in_set("reed:word:kaixo", "1");
  EXPECT_EQ(pieces.size(), 6U);
  EXPECT_EQ(pieces.count_keys(sets), 4);
  pieces.clear();
  pieces.in_set("reed:type_index:page", "4");
  pieces.in_set("reed:word:aupa", "4");
  EXPECT_EQ(pieces.count_keys(sets), 1) << "the other was counted with the pieces before";
}

}  // namespace
}  // namespace redkeep::recovery
