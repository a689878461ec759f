#pragma once

/// The store, whatever its engine: clients, mutations, queries, transactions.

#include <grapnel/store/any_mutation.hpp>
#include <grapnel/store/builders/conflict.hpp>
#include <grapnel/store/cause.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/database.hpp>
#include <grapnel/store/effective_chain.hpp>
#include <grapnel/store/entities.hpp>
#include <grapnel/store/error.hpp>
#include <grapnel/store/format.hpp>
#include <grapnel/store/migration.hpp>
#include <grapnel/store/mutation.hpp>
#include <grapnel/store/predicate.hpp>
#include <grapnel/store/query.hpp>
#include <grapnel/store/read_tx.hpp>
#include <grapnel/store/tx.hpp>
#include <grapnel/store/value.hpp>
