#pragma once

/// The description of entities: fields, indexes, mixins, codecs. The opt-in
/// <grapnel/schema/regex.hpp> is not part of it.

#include <grapnel/model/codec.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/edge.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/index.hpp>
#include <grapnel/schema/many.hpp>
#include <grapnel/schema/mixin.hpp>
#include <grapnel/schema/one.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
