//! One `table!` set for both databases; columns stand as in the migrations.

diesel::table! {
    portal (id) {
        id -> BigInt,
        kind -> Text,
        instance -> Text,
        clock_offset_us -> BigInt,
        public_version -> BigInt,
        created_at -> Timestamp,
        told_at -> Nullable<Timestamp>,
        search_version -> BigInt,
    }
}

diesel::table! {
    uptimes (id) {
        id -> BigInt,
        started_at -> Timestamp,
        last_at -> Timestamp,
    }
}

diesel::table! {
    backups (id) {
        id -> BigInt,
        day -> Date,
        started_at -> Timestamp,
        attempts -> BigInt,
        done_at -> Nullable<Timestamp>,
        failed_at -> Nullable<Timestamp>,
        path -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    alarms (kind) {
        kind -> Text,
        detail -> Text,
        raised_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    ledger (id) {
        id -> BigInt,
        seq -> Nullable<BigInt>,
        at -> Timestamp,
        subject_kind -> Text,
        subject_id -> BigInt,
        what -> Text,
        from_state -> Nullable<Text>,
        to_state -> Nullable<Text>,
        article -> Nullable<Text>,
        audience -> Text,
        body_id -> Nullable<BigInt>,
        public_from -> Nullable<Timestamp>,
        text_hash -> Text,
        salt -> Text,
        content_hash -> Text,
        chain_hash -> Nullable<Text>,
    }
}

diesel::table! {
    ledger_texts (ledger_id) {
        ledger_id -> BigInt,
        person_id -> Nullable<BigInt>,
        who -> Text,
        reason -> Nullable<Text>,
        salt -> Text,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        topic -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        payload -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        event_id -> BigInt,
        consumer -> Text,
        lane -> Text,
        due_at -> Timestamp,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        done_at -> Nullable<Timestamp>,
        failed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        session_id -> BigInt,
        name -> Text,
        token_hash -> Text,
        scopes -> Text,
    }
}

diesel::table! {
    replies (key_hash) {
        key_hash -> Text,
        fingerprint -> Text,
        request_id -> Text,
        at -> Timestamp,
        status -> Nullable<BigInt>,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    once_keys (key_hash) {
        key_hash -> Text,
        location -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    files (id) {
        id -> BigInt,
        subject_kind -> Text,
        subject_id -> BigInt,
        purpose -> Text,
        owner_body_id -> Nullable<BigInt>,
        uploaded_by -> Nullable<BigInt>,
        name -> Text,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        storage_key -> Text,
        audience -> Text,
        created_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    regions (code) {
        code -> Text,
        kind -> Text,
        name -> Text,
        parent_code -> Nullable<Text>,
        phone -> Nullable<Text>,
        sort_key -> Text,
    }
}

diesel::table! {
    calendar_days (day) {
        day -> Date,
        kind -> Text,
        occasion -> Text,
        source -> Text,
    }
}

diesel::table! {
    people (id) {
        id -> BigInt,
        email -> Text,
        name -> Text,
        password_hash -> Text,
        language -> Text,
        confirmed_at -> Nullable<Timestamp>,
        disabled_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    accesses (id) {
        id -> BigInt,
        at -> Timestamp,
        person_id -> BigInt,
        body_id -> Nullable<BigInt>,
        what -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        of_person_id -> Nullable<BigInt>,
        of_body_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    redactions (id) {
        id -> BigInt,
        subject_kind -> Text,
        subject_id -> BigInt,
        passage -> Nullable<Text>,
        ground -> Text,
        reason -> Text,
        asked_by -> BigInt,
        asked_at -> Timestamp,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        places -> Nullable<BigInt>,
    }
}

diesel::table! {
    tokens (id) {
        id -> BigInt,
        person_id -> BigInt,
        purpose -> Text,
        token_hash -> Text,
        device_hash -> Nullable<Text>,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    second_factors (person_id) {
        person_id -> BigInt,
        secret -> Nullable<Binary>,
        pending -> Nullable<Binary>,
        last_step -> BigInt,
        enabled_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    recovery_codes (id) {
        id -> BigInt,
        person_id -> BigInt,
        code_hash -> Text,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    recoveries (id) {
        id -> BigInt,
        person_id -> BigInt,
        reason -> Text,
        proposed_by -> BigInt,
        proposed_at -> Timestamp,
        confirmed_by -> Nullable<BigInt>,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    appointments (id) {
        id -> BigInt,
        body_id -> BigInt,
        person_id -> BigInt,
        role -> Text,
        membership_id -> Nullable<BigInt>,
        deputy_for -> Nullable<BigInt>,
        from_on -> Date,
        until_on -> Nullable<Date>,
        made_by -> BigInt,
        made_at -> Timestamp,
        noticed_at -> Nullable<Timestamp>,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    message_choices (person_id, kind) {
        person_id -> BigInt,
        kind -> Text,
        mail -> Text,
        has_sms -> Bool,
    }
}

diesel::table! {
    message_settings (person_id) {
        person_id -> BigInt,
        digest_hour -> BigInt,
        mobile -> Nullable<Text>,
        asked_mobile -> Nullable<Text>,
        code_hash -> Nullable<Text>,
        code_expires_at -> Nullable<Timestamp>,
        code_tries -> BigInt,
    }
}

diesel::table! {
    digest_items (id) {
        id -> BigInt,
        person_id -> BigInt,
        at -> Timestamp,
    }
}

diesel::table! {
    email_changes (person_id) {
        person_id -> BigInt,
        email -> Text,
        token_hash -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    bodies (id) {
        id -> BigInt,
        kind -> Text,
        name -> Text,
        region_code -> Nullable<Text>,
        phone -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    body_names (id) {
        id -> BigInt,
        body_id -> BigInt,
        name -> Text,
        from_on -> Date,
        to_on -> Nullable<Date>,
    }
}

diesel::table! {
    memberships (id) {
        id -> BigInt,
        person_id -> BigInt,
        body_id -> BigInt,
        role -> Text,
        created_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    invitations (id) {
        id -> BigInt,
        body_id -> BigInt,
        email -> Text,
        role -> Text,
        invited_by -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        person_id -> BigInt,
        body_id -> Nullable<BigInt>,
        device -> Text,
        network -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
        expires_at -> Timestamp,
        verified_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    known_devices (person_id, device_hash) {
        person_id -> BigInt,
        device_hash -> Text,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        public_id -> Text,
        body_id -> Nullable<BigInt>,
        person_id -> Nullable<BigInt>,
        role -> Nullable<Text>,
        kind -> Text,
        args -> Text,
        link -> Text,
        at -> Timestamp,
        first_read_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    rule_sets (id) {
        id -> BigInt,
        region_code -> Text,
        kind -> Text,
        name -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        rules -> Text,
        source -> Text,
        is_verified -> Bool,
    }
}

diesel::table! {
    clocks (id) {
        id -> BigInt,
        subject_kind -> Text,
        subject_id -> BigInt,
        code -> Text,
        article -> Nullable<Text>,
        body_id -> Nullable<BigInt>,
        starts_at -> Timestamp,
        due_at -> Timestamp,
        done_at -> Nullable<Timestamp>,
        paused_at -> Nullable<Timestamp>,
        is_public -> Bool,
    }
}

diesel::table! {
    publications (id) {
        id -> BigInt,
        kind -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        revision -> BigInt,
        region_code -> Nullable<Text>,
        title -> Text,
        content -> Text,
        hash -> Text,
        link -> Text,
        published_at -> Timestamp,
    }
}

diesel::table! {
    panels (id) {
        id -> BigInt,
        subject_kind -> Text,
        subject_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    panel_members (id) {
        id -> BigInt,
        panel_id -> BigInt,
        person_id -> BigInt,
        capacity -> Text,
        declared_at -> Nullable<Timestamp>,
        recused_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
        reminded_at -> Nullable<Timestamp>,
        is_replaced -> Bool,
    }
}

diesel::table! {
    search_documents (id) {
        id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
        title -> Text,
        summary -> Text,
        link -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    catalogues (id) {
        id -> BigInt,
        year -> BigInt,
        title -> Text,
        issued_no -> Nullable<Text>,
        source -> Text,
        is_verified -> Bool,
        state -> Text,
        imported_by -> Nullable<BigInt>,
        body_id -> Nullable<BigInt>,
        imported_at -> Timestamp,
        published_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    catalogue_items (id) {
        id -> BigInt,
        catalogue_id -> BigInt,
        code -> Text,
        name -> Text,
        level -> BigInt,
        parent_code -> Nullable<Text>,
        description -> Text,
        aliases -> Text,
    }
}

diesel::table! {
    providers (id) {
        id -> BigInt,
        body_id -> BigInt,
        kind -> Text,
        credit_code -> Text,
        legal_head -> Text,
        address -> Text,
        phone -> Text,
        summary -> Text,
        state -> Text,
        checked_by -> Nullable<BigInt>,
        checked_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
        sort_key -> Text,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    provider_scopes (provider_id, catalogue_code) {
        provider_id -> BigInt,
        catalogue_code -> Text,
    }
}

diesel::table! {
    provider_areas (provider_id, region_code) {
        provider_id -> BigInt,
        region_code -> Text,
    }
}

diesel::table! {
    qualifications (id) {
        id -> BigInt,
        provider_id -> BigInt,
        state -> Text,
        statement -> Text,
        declarations -> Text,
        submitted_at -> Nullable<Timestamp>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
        listed_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    projects (id) {
        id -> BigInt,
        number -> Text,
        buyer_id -> BigInt,
        region_code -> Text,
        catalogue_id -> BigInt,
        catalogue_code -> Text,
        title -> Text,
        requirement -> Text,
        budget_fen -> BigInt,
        term_from -> Date,
        term_to -> Date,
        term_grounds -> Text,
        forbidden -> Text,
        phone -> Text,
        state -> Text,
        created_by -> BigInt,
        created_at -> Timestamp,
        published_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    project_communities (project_id, region_code) {
        project_id -> BigInt,
        region_code -> Text,
    }
}

diesel::table! {
    tenders (id) {
        id -> BigInt,
        project_id -> BigInt,
        round -> BigInt,
        method -> Text,
        rule_set_id -> BigInt,
        state -> Text,
        published_at -> Nullable<Timestamp>,
        questions_until -> Nullable<Timestamp>,
        closes_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        opened_at -> Nullable<Timestamp>,
        held_minutes -> Nullable<BigInt>,
        next_check -> Nullable<Timestamp>,
        recipient -> Nullable<Text>,
        wrapped_identity -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    criteria (id) {
        id -> BigInt,
        tender_id -> BigInt,
        position -> BigInt,
        kind -> Text,
        name -> Text,
        measure -> Text,
        weight -> BigInt,
    }
}

diesel::table! {
    questions (id) {
        id -> BigInt,
        tender_id -> BigInt,
        asker_id -> BigInt,
        question -> Text,
        asked_at -> Timestamp,
        answer -> Nullable<Text>,
        answered_by -> Nullable<BigInt>,
        answered_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    bid_drafts (id) {
        id -> BigInt,
        tender_id -> BigInt,
        bidder_id -> BigInt,
        sealed -> Binary,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    bid_files (id) {
        id -> BigInt,
        tender_id -> BigInt,
        bidder_id -> BigInt,
        bid_id -> Nullable<BigInt>,
        sealed_name -> Binary,
        size -> BigInt,
        cipher_sha256 -> Text,
        storage_key -> Text,
        uploaded_at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    bids (id) {
        id -> BigInt,
        tender_id -> BigInt,
        bidder_id -> BigInt,
        state -> Text,
        receipt_no -> Text,
        submitted_by -> BigInt,
        submitted_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        sealed -> Binary,
        cipher_sha256 -> Text,
        receipt -> Text,
        invalid_reason -> Nullable<Text>,
    }
}

diesel::table! {
    openers (tender_id, person_id) {
        tender_id -> BigInt,
        person_id -> BigInt,
        at -> Timestamp,
    }
}

diesel::table! {
    bid_contents (bid_id) {
        bid_id -> BigInt,
        price_fen -> BigInt,
        breakdown -> Text,
        proposal -> Text,
    }
}

diesel::table! {
    scores (id) {
        id -> BigInt,
        tender_id -> BigInt,
        bid_id -> BigInt,
        criterion_id -> BigInt,
        person_id -> BigInt,
        points -> BigInt,
        note -> Text,
        asked_points -> Nullable<BigInt>,
    }
}

diesel::table! {
    score_sheets (tender_id, person_id) {
        tender_id -> BigInt,
        person_id -> BigInt,
        submitted_at -> Nullable<Timestamp>,
        reopened_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    results (bid_id) {
        bid_id -> BigInt,
        tender_id -> BigInt,
        price_points -> Text,
        total_points -> Text,
        rank -> BigInt,
    }
}

diesel::table! {
    awards (id) {
        id -> BigInt,
        tender_id -> BigInt,
        bid_id -> BigInt,
        state -> Text,
        ground -> Nullable<Text>,
        reason -> Nullable<Text>,
        decided_by -> BigInt,
        decided_at -> Timestamp,
    }
}

diesel::table! {
    contracts (id) {
        id -> BigInt,
        number -> Text,
        award_id -> Nullable<BigInt>,
        project_id -> Nullable<BigInt>,
        buyer_id -> BigInt,
        provider_id -> Nullable<BigInt>,
        provider_name -> Text,
        provider_code -> Nullable<Text>,
        title -> Text,
        catalogue_code -> Text,
        scope -> Text,
        amount_fen -> BigInt,
        term_from -> Date,
        term_to -> Date,
        phone -> Text,
        payment -> Text,
        duties -> Text,
        secrets -> Text,
        state -> Text,
        is_entered_afterwards -> Bool,
        created_at -> Timestamp,
        signed_at -> Nullable<Timestamp>,
        published_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    contract_communities (contract_id, region_code) {
        contract_id -> BigInt,
        region_code -> Text,
    }
}

diesel::table! {
    contract_signatures (id) {
        id -> BigInt,
        contract_id -> BigInt,
        side -> Text,
        method -> Text,
        person_id -> BigInt,
        file_id -> Nullable<BigInt>,
        at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accesses,
    appointments,
    alarms,
    api_tokens,
    awards,
    backups,
    bid_contents,
    bid_drafts,
    bid_files,
    bids,
    bodies,
    body_names,
    calendar_days,
    catalogue_items,
    catalogues,
    clocks,
    contract_communities,
    contract_signatures,
    contracts,
    criteria,
    digest_items,
    email_changes,
    events,
    files,
    jobs,
    invitations,
    known_devices,
    ledger,
    ledger_texts,
    memberships,
    message_choices,
    message_settings,
    messages,
    once_keys,
    openers,
    panel_members,
    panels,
    people,
    portal,
    project_communities,
    projects,
    provider_areas,
    provider_scopes,
    providers,
    publications,
    qualifications,
    questions,
    recoveries,
    redactions,
    recovery_codes,
    regions,
    replies,
    results,
    rule_sets,
    score_sheets,
    scores,
    search_documents,
    second_factors,
    sessions,
    tenders,
    tokens,
    uptimes,
);
